/**
 * What is read of every event beside what it is and what it is about:
 * https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
 */
import { Schema } from "effect"

export const envelope = {
  account: Schema.String,
  region: Schema.String,
  time: Schema.String,
  /** Set where an archive was replayed onto the bus. */
  "replay-name": Schema.optionalKey(Schema.String)
}
