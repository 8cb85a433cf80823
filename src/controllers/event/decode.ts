/**
 * EventBridge JSON -> who is to be woken. Receives the body of one queue message, never throws, asks nobody.
 * An event is a hint: what is true is read afterwards.
 */
import { Option, Predicate, Schema } from "effect"
import { formatTaskKey, taskKeyOf } from "../TaskKey.ts"
import { RoleCall } from "./RoleCall.ts"
import { TaskStateChange } from "./TaskStateChange.ts"

export type Decoded =
  | {
      readonly _tag: "TaskChanged"
      /** `task/<cluster>/<id>` */
      readonly key: string
      readonly account: string
      /** ECS's counter: a look at the task that shows less is late. */
      readonly version: number
      /** The event as far as it was read; safe to keep. */
      readonly event: TaskStateChange
    }
  | {
      readonly _tag: "RoleChanged"
      /** `role/<account>/<name>` */
      readonly key: string
      readonly account: string
      readonly roleName: string
      readonly event: RoleCall
    }
  | { readonly _tag: "Ignored"; readonly reason: string }

const parseJson = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))
const decodeTask = Schema.decodeUnknownResult(TaskStateChange)
const decodeRole = Schema.decodeUnknownResult(RoleCall)

const ignored = (reason: string): Decoded => ({ _tag: "Ignored", reason })

const readTaskChange = (json: unknown): Decoded => {
  const result = decodeTask(json)
  if (result._tag === "Failure") {
    return ignored(`not an ECS Task State Change as AWS documents it: ${result.failure.message}`)
  }
  const event = result.success
  const { clusterArn, taskArn, version } = event.detail
  return {
    _tag: "TaskChanged",
    key: formatTaskKey(taskKeyOf(clusterArn, taskArn)),
    account: event.account,
    version,
    event
  }
}

const readRoleCall = (json: unknown): Decoded => {
  const result = decodeRole(json)
  if (result._tag === "Failure") return ignored(`not a CloudTrail record of a role's change: ${result.failure.message}`)
  const event = result.success
  const { errorCode, eventName, requestParameters: { roleName } } = event.detail
  if (errorCode !== undefined) {
    return ignored(`${eventName} of role ${roleName} failed with ${errorCode}: nothing changed`)
  }
  return { _tag: "RoleChanged", key: `role/${event.account}/${roleName}`, account: event.account, roleName, event }
}

export const decode = (body: string): Decoded => {
  const json = Option.getOrUndefined(parseJson(body))
  if (!Predicate.hasProperty(json, "source") || !Predicate.hasProperty(json, "detail-type")) {
    return ignored("not an EventBridge event: it has no source or detail-type")
  }
  switch (json.source) {
    case "aws.ecs":
      return readTaskChange(json)
    case "aws.iam":
      return readRoleCall(json)
    default:
      return ignored(`nobody here is woken by ${String(json["detail-type"])} of ${String(json.source)}`)
  }
}
