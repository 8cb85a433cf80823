/**
 * CloudTrail's record of a call to IAM that changes what a role may be:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
 * Who called it is dropped on decoding.
 */
import { Schema } from "effect"
import { envelope } from "./envelope.ts"

/** Calls after which a role may be another than it was. A new role has no tasks yet. */
export const ROLE_CALLS = ["TagRole", "UntagRole", "DeleteRole"] as const

export const RoleCall = Schema.Struct({
  id: Schema.String,
  source: Schema.Literal("aws.iam"),
  "detail-type": Schema.Literal("AWS API Call via CloudTrail"),
  ...envelope,
  detail: Schema.Struct({
    eventSource: Schema.Literal("iam.amazonaws.com"),
    eventName: Schema.Literals(ROLE_CALLS),
    /** Set where the call failed: then nothing changed. */
    errorCode: Schema.optionalKey(Schema.String),
    requestParameters: Schema.Struct({ roleName: Schema.String })
  })
})
export type RoleCall = typeof RoleCall.Type
