/**
 * What today's code concludes from a recorded observation. Receives an observation's entry, asks only what the
 * operator itself asks when it decides: `conclude`. Pure.
 */
import { Schema } from "effect"
import type { Resource } from "../../model/Resource.ts"
import { dataplaneKind } from "../dataplane/desired.ts"
import { egressKind } from "../egress/desired.ts"
import { ingressKind } from "../ingress/desired.ts"
import { conclude, recordOf } from "../lifecycle/conclude.ts"
import type { KindSettings } from "../lifecycle/decide.ts"
import { byRoles, whyIgnored } from "../lifecycle/ignored.ts"
import type { TaskObservation } from "../lifecycle/TaskObservation.ts"
import {
  DataplaneObserved,
  IgnoredBy,
  IgnoredObserved,
  Settings,
  ZoneEgressObserved,
  ZoneIngressObserved
} from "./RecordedObservation.ts"

type Fields = Readonly<Record<string, unknown>>

export interface Repeatable {
  readonly look: TaskObservation
  readonly settings: KindSettings | null
  /** The proxy's resource as it was stored then. */
  readonly stored: Resource | null
  /** The fields of the decision, as the journal has them. `now`: Unix milliseconds. */
  readonly decide: (now: number) => Fields
}

export type Repeated = { readonly repeatable: Repeatable } | { readonly problem: string }

/** The value itself: nothing is dropped that the shape doesn't name. */
const read = <A>(
  schema: Schema.Codec<A, unknown>,
  value: unknown
): { readonly value: A } | { readonly problem: string } => {
  if (Schema.is(schema)(value)) return { value }
  const result = Schema.decodeUnknownResult(schema)(value)
  const problem = result._tag === "Success" ? "its shape is unknown" : result.failure.message
  return { problem: problem.replace(/\s*\n\s*/g, " ") }
}

export const dataplaneSettings = ({ copyTags = [], outboundAddress = "loopback", zone }: KindSettings) =>
  ({ zone, copyTags, outboundAddress })

const repeatIgnored = (fields: Fields): Repeated => {
  const observed = read(IgnoredObserved, fields["observation"])
  if ("problem" in observed) return observed
  // Journals of before there was a choice have none.
  const given = read(IgnoredBy, fields["settings"] ?? byRoles)
  if ("problem" in given) return given
  const { look } = observed.value
  const why = whyIgnored(look, given.value)
  const decide = (): Fields => why === null ? { from: null, to: "looked after" } : { from: null, to: "ignored", why }
  return { repeatable: { look, settings: null, stored: null, decide } }
}

export const repeatDecision = (fields: Fields): Repeated => {
  if (fields["of"] === null) return repeatIgnored(fields)
  if (fields["of"] === undefined || fields["settings"] === undefined) {
    return { problem: "it lacks its kind or its settings: it was written by a version that kept less" }
  }
  const given = read(Settings, fields["settings"])
  if ("problem" in given) return given
  const settings = given.value
  switch (fields["of"]) {
    case "Dataplane": {
      const observed = read(DataplaneObserved, fields["observation"])
      if ("problem" in observed) return observed
      const { value } = observed
      const kind = dataplaneKind(dataplaneSettings(settings))
      const decide = (now: number) => recordOf(value, conclude(kind, value, now), now)
      return { repeatable: { look: value.look, settings, stored: value.stored, decide } }
    }
    case "ZoneIngress": {
      const observed = read(ZoneIngressObserved, fields["observation"])
      if ("problem" in observed) return observed
      const { value } = observed
      const kind = ingressKind(settings.zone)
      const decide = (now: number) => recordOf(value, conclude(kind, value, now), now)
      return { repeatable: { look: value.look, settings, stored: value.stored, decide } }
    }
    case "ZoneEgress": {
      const observed = read(ZoneEgressObserved, fields["observation"])
      if ("problem" in observed) return observed
      const { value } = observed
      const kind = egressKind(settings.zone)
      const decide = (now: number) => recordOf(value, conclude(kind, value, now), now)
      return { repeatable: { look: value.look, settings, stored: value.stored, decide } }
    }
    default:
      return { problem: `this version knows no kind of proxy ${JSON.stringify(fields["of"])}` }
  }
}
