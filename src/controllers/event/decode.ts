/**
 * EventBridge JSON -> who is to be woken. Receives the body of one queue message, never throws, asks nobody.
 * An event is a hint: what is true is read afterwards.
 */
import { Predicate, Schema } from "effect"
import { clusterArnOf, lastPart } from "../arn.ts"
import { formatTaskKey, taskKeyOf } from "../TaskKey.ts"
import { InstanceStateChange, LEAVING_INSTANCE } from "./InstanceStateChange.ts"
import { ROLE_CALLS, RoleCall } from "./RoleCall.ts"
import { ServiceEvent, WAKING_SERVICE_EVENTS } from "./ServiceEvent.ts"
import { TaskStateChange } from "./TaskStateChange.ts"

/** `event` is what was read of it; safe to keep. */
export type Decoded =
  | {
      readonly _tag: "TaskChanged"
      /** `task/<cluster>/<id>` */
      readonly key: string
      readonly account: string
      /** ECS's counter: a look at the task that shows less is late. */
      readonly version: number
      readonly event: TaskStateChange
    }
  | {
      readonly _tag: "ServiceChanged"
      /** `service/<cluster>/<name>` */
      readonly key: string
      readonly account: string
      readonly clusterArn: string
      readonly event: ServiceEvent
    }
  | {
      readonly _tag: "InstanceLeft"
      /** `instance/<cluster>/<id>` */
      readonly key: string
      readonly account: string
      readonly clusterArn: string
      readonly instanceArn: string
      readonly event: InstanceStateChange
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

/** Undefined for what is no JSON. */
const parseJson = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

const decodeTask = Schema.decodeUnknownResult(TaskStateChange)
const decodeService = Schema.decodeUnknownResult(ServiceEvent)
const decodeInstance = Schema.decodeUnknownResult(InstanceStateChange)
const decodeRole = Schema.decodeUnknownResult(RoleCall)

const ignored = (reason: string): Decoded => ({ _tag: "Ignored", reason })

/** What can't be read is told by its place and never by its value, which may be secret. */
const unreadable = (what: string, { message }: { readonly message: string }): Decoded =>
  ignored(`not an ${what} as AWS documents it: ${message}`)

const readTaskChange = (json: unknown): Decoded => {
  const result = decodeTask(json)
  if (result._tag === "Failure") return unreadable("ECS Task State Change", result.failure)
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

const readServiceEvent = (json: unknown, detailType: string): Decoded => {
  const name = detailOf(json, "eventName")
  if (!isOneOf(WAKING_SERVICE_EVENTS, name)) return ignored(`nobody is woken by ${name} of an ${detailType}`)
  const result = decodeService(json)
  if (result._tag === "Failure") return unreadable(detailType, result.failure)
  const event = result.success
  const [arn] = event.resources
  const clusterArn = clusterArnOf(arn)
  if (clusterArn === null) return ignored(`the service's ARN names no cluster: ${arn}`)
  const key = `service/${lastPart(clusterArn)}/${lastPart(arn)}`
  return { _tag: "ServiceChanged", key, account: event.account, clusterArn, event }
}

const readInstanceChange = (json: unknown): Decoded => {
  const status = detailOf(json, "status")
  if (!isOneOf(LEAVING_INSTANCE, status)) return ignored(`nobody is woken by a container instance that is ${status}`)
  const result = decodeInstance(json)
  if (result._tag === "Failure") return unreadable("ECS Container Instance State Change", result.failure)
  const event = result.success
  const { clusterArn, containerInstanceArn: instanceArn } = event.detail
  const key = `instance/${lastPart(clusterArn)}/${lastPart(instanceArn)}`
  return { _tag: "InstanceLeft", key, account: event.account, clusterArn, instanceArn, event }
}

const readRoleCall = (json: unknown): Decoded => {
  const name = detailOf(json, "eventName")
  if (!isOneOf(ROLE_CALLS, name)) return ignored(`nobody is woken by IAM's ${name}`)
  const result = decodeRole(json)
  if (result._tag === "Failure") return unreadable("AWS API Call via CloudTrail", result.failure)
  const event = result.success
  const { errorCode, eventName, requestParameters: { roleName } } = event.detail
  if (errorCode !== undefined) {
    return ignored(`${eventName} of role ${roleName} failed with ${errorCode}: nothing changed`)
  }
  return { _tag: "RoleChanged", key: `role/${event.account}/${roleName}`, account: event.account, roleName, event }
}

const isOneOf = (names: ReadonlyArray<string>, name: string): boolean => names.includes(name)

/** A word of the event's detail that tells what it is; none of a text that is no such word. */
const detailOf = (json: unknown, member: string): string => {
  const detail = Predicate.hasProperty(json, "detail") ? json.detail : undefined
  const value = Predicate.hasProperty(detail, member) ? detail[member] : undefined
  return Predicate.isString(value) && /^\w{1,64}$/.test(value) ? value : "(unnamed)"
}

export const decode = (body: string): Decoded => {
  const json = parseJson(body)
  if (!Predicate.hasProperty(json, "source") || !Predicate.hasProperty(json, "detail-type")) {
    return ignored("not an EventBridge event: it has no source or detail-type")
  }
  const detailType = String(json["detail-type"])
  switch (`${String(json.source)} ${detailType}`) {
    case "aws.ecs ECS Task State Change":
      return readTaskChange(json)
    case "aws.ecs ECS Service Action":
    case "aws.ecs ECS Deployment State Change":
      return readServiceEvent(json, detailType)
    case "aws.ecs ECS Container Instance State Change":
      return readInstanceChange(json)
    case "aws.iam AWS API Call via CloudTrail":
      return readRoleCall(json)
    default:
      return ignored(`nobody here is woken by ${detailType} of ${String(json.source)}`)
  }
}
