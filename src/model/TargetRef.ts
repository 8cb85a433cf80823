/** What a policy, or one of its rules, is about. Kuma's `targetRef`. */
import { Schema } from "effect"
import { Tags } from "./Tags.ts"

export const ProxyTypes = Schema.Array(Schema.Literals(["Sidecar", "Gateway"]))

export const TargetRef = Schema.Struct({
  kind: Schema.optionalKey(Schema.String),
  name: Schema.optionalKey(Schema.String),
  tags: Schema.optionalKey(Tags),
  mesh: Schema.optionalKey(Schema.String),
  proxyTypes: Schema.optionalKey(ProxyTypes),
  namespace: Schema.optionalKey(Schema.String),
  labels: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  sectionName: Schema.optionalKey(Schema.String)
})
export type TargetRef = typeof TargetRef.Type
