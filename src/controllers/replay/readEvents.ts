/**
 * Raw EventBridge events, in whatever they were wrapped on their way into a file: one JSON value, or one a line, of
 * events, or of what AWS's tools answer that carries them. Pure.
 *
 * - events themselves: what a rule's target receives of an archive's replay
 *   (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html)
 * - `{"Messages": [{"Body": "..."}]}`: `aws sqs receive-message`, of a dead-letter queue say
 *   (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html)
 * - `{"events": [{"message": "..."}]}`: `aws logs filter-log-events`, where a replay went to a log group
 *   (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html)
 * - `{"Entries": [{"Source", "DetailType", "Detail": "..."}]}`: what `aws events put-events` is given
 *   (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html); `Events` likewise
 */
import { Option, Predicate, Schema } from "effect"
import { accountOf } from "../arn.ts"
import type { PlacedLine } from "./readLines.ts"

export interface RawEvent {
  /** For people: where it was found. */
  readonly place: string
  /** JSON, as it would have come in a message of the queue. */
  readonly body: string
}

const parse = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))

const isArray: (value: unknown) => value is ReadonlyArray<unknown> = Array.isArray

const listIn = (value: unknown, ...names: ReadonlyArray<string>): ReadonlyArray<unknown> | null => {
  for (const name of names) {
    const list = Predicate.hasProperty(value, name) ? value[name] : undefined
    if (isArray(list)) return list
  }
  return null
}

const stringIn = (value: unknown, ...names: ReadonlyArray<string>): string | null => {
  for (const name of names) {
    const text = Predicate.hasProperty(value, name) ? value[name] : undefined
    if (Predicate.isString(text)) return text
  }
  return null
}

/** What PutEvents is given, as the event that comes of it: what the bus would add is taken from what is there. */
const published = (entry: unknown, detailText: string): unknown => {
  const detail = Option.getOrUndefined(parse(detailText))
  const arn = stringIn(detail, "taskArn", "clusterArn") ?? ""
  return {
    id: "",
    source: stringIn(entry, "Source") ?? "",
    "detail-type": stringIn(entry, "DetailType") ?? "",
    account: accountOf(arn),
    region: arn.split(":")[3] ?? "",
    time: stringIn(entry, "Time") ?? "",
    resources: listIn(entry, "Resources") ?? [],
    detail
  }
}

/** The events in one value; null where it holds none and nothing that wraps them. */
const eventsIn = (value: unknown): ReadonlyArray<string> | null => {
  if (isArray(value)) {
    const all = value.map(eventsIn)
    return all.every((found) => found !== null) ? all.flat() : null
  }
  const wrapped = listIn(value, "Messages", "events", "Entries", "Events")
  if (wrapped !== null) return eventsIn(wrapped)
  const text = stringIn(value, "Body", "body", "message")
  if (text !== null) return [text]
  const detail = stringIn(value, "Detail")
  if (detail !== null) return [JSON.stringify(published(value, detail))]
  return Predicate.hasProperty(value, "detail-type") ? [JSON.stringify(value)] : null
}

/** Logs and queues hold other texts too: one event among them tells that these are events. */
const ifEvents = (events: ReadonlyArray<RawEvent>): ReadonlyArray<RawEvent> | null =>
  events.some(({ body }) => Predicate.hasProperty(Option.getOrUndefined(parse(body)), "detail-type")) ? events : null

/** Null where the text holds something else than events. */
export const readEvents = (file: string, text: string): ReadonlyArray<RawEvent> | null => {
  const whole = Option.getOrNull(parse(text))
  if (whole !== null) {
    const found = eventsIn(whole)
    return found === null
      ? null
      : ifEvents(found.map((body, index) => ({ place: `${file}, event ${index + 1}`, body })))
  }
  const lines = text.split("\n").map((line, index): PlacedLine => ({ place: `${file}:${index + 1}`, text: line }))
  const all = lines.filter((line) => line.text.trim() !== "").map((line) => {
    const found = eventsIn(Option.getOrUndefined(parse(line.text)))
    return found === null ? null : found.map((body) => ({ place: line.place, body }))
  })
  return all.every((found) => found !== null) ? ifEvents(all.flat()) : null
}
