/** Chooses resources by their labels; without any it chooses all of them. Kuma's `LabelSelector`. */
import { Schema } from "effect"

export const LabelSelector = Schema.Struct({
  matchLabels: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
})
export type LabelSelector = typeof LabelSelector.Type

export const matchesLabels = (
  { matchLabels = {} }: LabelSelector,
  labels: Readonly<Record<string, string>>
): boolean => Object.entries(matchLabels).every(([name, value]) => labels[name] === value)
