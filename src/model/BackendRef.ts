/** Where a route sends its share of the traffic. Kuma's `BackendRef`. */
import { Effect, Schema } from "effect"
import { TargetRef } from "./TargetRef.ts"

export const BackendRef = Schema.Struct({
  ...TargetRef.fields,
  /** Of the sum of the rule's weights. */
  weight: Schema.Number.pipe(Schema.withDecodingDefaultKey(Effect.succeed(1))),
  /** Of a MeshService, MeshMultiZoneService or MeshExternalService. */
  port: Schema.optionalKey(Schema.Number)
})
export type BackendRef = typeof BackendRef.Type

/** Whether it picks a resource by labels, whichever that is at the time. */
export const picksByLabels = ({ labels }: BackendRef): boolean => Object.keys(labels ?? {}).length > 0

/** Whether it means a resource; otherwise it names instances by their tags. */
export const namesResource = (ref: BackendRef): boolean =>
  ref.kind === "MeshService"
    ? picksByLabels(ref) || ref.port !== undefined || (ref.sectionName ?? "") !== ""
    : ref.kind !== "MeshServiceSubset"
