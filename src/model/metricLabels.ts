/** By which labels the metrics of one proxy are told from another's, as Kuma has it. Pure. */
import type { Dataplane } from "./Dataplane.ts"
import { SERVICE_TAG } from "./Tags.ts"
import { tagSets, tagValues } from "./tagSets.ts"

/** https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels */
const labelName = (tag: string): string => tag.replaceAll(/[^a-zA-Z0-9_]/g, "_")

/** Of each tag one value under its name, and all of them, between commas, under its plural. */
export const metricLabels = (dataplane: Dataplane): Readonly<Record<string, string>> => {
  const labels: Record<string, string> = {}
  const tags = [...tagValues(tagSets(dataplane))].sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [tag, values] of tags) {
    const sorted = [...values].sort()
    labels[labelName(tag)] = sorted[0] ?? ""
    labels[labelName(`${tag}s`)] = `,${sorted.join(",")},`
  }
  return labels
}

/** The first of the alphabet; null where it answers for none. */
export const identifyingService = (dataplane: Dataplane): string | null =>
  [...tagValues(tagSets(dataplane)).get(SERVICE_TAG) ?? []].sort()[0] ?? null
