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

/** Whether it names a resource; otherwise it names instances by their tags. */
export const namesResource = ({ kind, port, sectionName }: BackendRef): boolean =>
  kind === "MeshService" ? port !== undefined || (sectionName ?? "") !== "" : kind !== "MeshServiceSubset"
