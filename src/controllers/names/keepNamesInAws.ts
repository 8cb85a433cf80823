/** Hostnames in Route 53 or Cloud Map, as the configuration says: composition of this room. */
import { Effect } from "effect"
import type { Store } from "../../model/Store.ts"
import { makeCallBudget } from "../aws/CallBudget.ts"
import { cloudMapNamespace, openCloudMap } from "../aws/CloudMapNamespace.ts"
import { hostedZone, openRoute53 } from "../aws/HostedZone.ts"
import type { MayHave } from "./adoptNames.ts"
import { cloudMapNames } from "./cloudMapNames.ts"
import { keepNames } from "./keepNames.ts"
import type { NameConfig } from "./NameConfig.ts"
import { route53Names } from "./route53Names.ts"
import { hostedZonesOf, type PlacesOf, plainHostedZone } from "./wantedNames.ts"

/**
 * "Five requests per second per AWS account" for all of Route 53, whoever makes them:
 * https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests
 */
const REQUESTS_A_SECOND = 5

/** Who keeps names. */
export interface NameKeeper {
  readonly zone: string
  /** Names the installation: the same for all its replicas, and nobody else's. */
  readonly cluster: string
  readonly mayHave: MayHave
}

/** Where a generator's hostnames are kept. */
export const placesIn = (zone: string, config: NameConfig): PlacesOf => {
  if (config.kind === "route53") {
    return hostedZonesOf(zone, plainHostedZone(config.id), new Set(config.others.map(plainHostedZone)))
  }
  // The extension says that hostnames are to be in AWS's DNS; by which of its services is the setting's business.
  return ({ extension }) => ({ places: extension?.type === "Route53" ? [config.id] : [], refused: [] })
}

/** Runs for as long as it is let; whoever composes runs it on the leading replica alone. */
export const keepNamesInAws = (
  { cluster, mayHave, zone }: NameKeeper,
  config: NameConfig
): Effect.Effect<void, never, Store> =>
  Effect.scoped(
    Effect.gen(function*() {
      const { adopts, apiShare, endpoint, kind, refreshMillis, region } = config
      const rate = REQUESTS_A_SECOND * apiShare
      const quota = { rate, burst: Math.max(1, rate) }
      const budget = yield* makeCallBudget(kind === "route53" ? "Route53" : "CloudMap", quota)
      const owner = { cluster, zone, formerly: adopts.clusters }
      const placesOf = placesIn(zone, config)
      const common = { zone, refreshMillis, placesOf, adopts: adopts.unmarked, mayHave }
      if (kind === "route53") {
        const client = yield* openRoute53(region, endpoint)
        const id = plainHostedZone(config.id)
        return yield* keepNames({
          ...common,
          known: [...new Set([id, ...config.others.map(plainHostedZone)])],
          open: (place) => route53Names(`Route 53 ${place}`, hostedZone(client, place, budget), owner)
        })
      }
      const client = yield* openCloudMap(region, endpoint)
      const { id } = config
      return yield* keepNames({
        ...common,
        known: [id],
        open: (place) => cloudMapNames(`Cloud Map ${place}`, cloudMapNamespace(client, place, budget), owner)
      })
    })
  )
