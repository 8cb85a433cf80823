/**
 * Hostnames as services of a Cloud Map namespace, each with one instance. Whose one is, and what it leads to, stands in
 * its description; nothing is made in one step here, so that each step leaves what the next look goes on from.
 */
import { Effect } from "effect"
import type { AwsCallFailed } from "../aws/AwsCallFailed.ts"
import type { CloudMapNamespace, CloudMapService } from "../aws/CloudMapNamespace.ts"
import { markedName, type NameOwner } from "./NameOwner.ts"
import type { NameChange, NamesThere, NameStore, NameThere, RefusedName } from "./NameStore.ts"
import { TTL } from "./route53Records.ts"

const MARK = /^ecs-mesh owner=(\S+) zone=\S+ address=([\d.]+)$/

const markOf = ({ cluster, zone }: NameOwner, address: string): string =>
  `ecs-mesh owner=${cluster} zone=${zone} address=${address}`

/** What it is to us; one without an instance is still to be given it. */
export const readService = ({ description, instances }: CloudMapService, owner: NameOwner): NameThere => {
  const [, cluster, address = null] = MARK.exec(description) ?? []
  return cluster === undefined ? { owner: "others" } : markedName(owner, cluster, instances === 0 ? null : address)
}

/** So many changes are under way at a time; Cloud Map takes no batches. */
const SIDE_BY_SIDE = 4

export const cloudMapNames = (title: string, namespace: CloudMapNamespace, owner: NameOwner): NameStore => {
  /** Ids by hostname. */
  let ids: ReadonlyMap<string, string> = new Map()
  let domain = ""

  const change = ({ after, before, hostname }: NameChange): Effect.Effect<void, AwsCallFailed> =>
    Effect.gen(function*() {
      const known = ids.get(hostname)
      if (after === null) {
        if (known === undefined) return
        if (before?.address !== null) yield* namespace.unpoint(known)
        return yield* namespace.remove(known)
      }
      const id = known ??
        (yield* namespace.create(hostname.slice(0, -domain.length - 1), markOf(owner, after), TTL))
      yield* namespace.point(id, after)
      if (known !== undefined) yield* namespace.describe(id, markOf(owner, after), TTL)
      ids = new Map(ids).set(hostname, id)
    })

  const named = Effect.map(namespace.domain, (name) => (domain = name))

  return {
    title,
    domain: named,
    list: Effect.gen(function*() {
      if (domain === "") yield* named
      const services = yield* namespace.list
      ids = new Map(services.map(({ id, name }) => [`${name}.${domain}`, id]))
      return new Map(services.map((one) => [`${one.name}.${domain}`, readService(one, owner)])) satisfies NamesThere
    }),
    change: (changes) =>
      Effect.forEach(
        changes,
        (one) =>
          change(one).pipe(
            Effect.map((): ReadonlyArray<RefusedName> => []),
            // An instance that still leaves lets its service go the next time.
            Effect.catchTag("AwsCallFailed", (failure) =>
              failure.kind === "invalid" || failure.kind === "absent"
                ? Effect.succeed([{ hostname: one.hostname, reason: failure.message }])
                : Effect.fail(failure))
          ),
        { concurrency: SIDE_BY_SIDE }
      ).pipe(Effect.map((refused) => refused.flat()))
  }
}
