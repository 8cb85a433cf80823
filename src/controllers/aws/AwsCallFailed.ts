import { Schema } from "effect"

/**
 * A call to AWS that gave no answer to work with.
 * `denied`: a permission is missing. `absent`: the thing isn't there. `throttled`, `unavailable`: come again.
 * `invalid`: AWS refuses the request itself.
 */
export class AwsCallFailed extends Schema.TaggedError<AwsCallFailed>()("AwsCallFailed", {
  service: Schema.String,
  operation: Schema.String,
  kind: Schema.Literals(["denied", "absent", "throttled", "unavailable", "invalid"]),
  /** AWS's own code: `AccessDenied`, `NoSuchEntity`, `ThrottlingException`. */
  code: Schema.String,
  message: Schema.String
}) {}
