/**
 * Which of the operator's Dataplanes stand at the same address and port. AWS gives an address, and Docker a port, to
 * somebody else within seconds of its last holder's end, of which the operator may learn later. Told of each Dataplane
 * as the store has it; kept in memory, as the change feed begins with all of them.
 */
import { Context, Layer } from "effect"
import { TASK_LABEL } from "../../model/dataplaneLabels.ts"
import { formatKey, type Resource, type ResourceKey } from "../../model/Resource.ts"

/** Another Dataplane at one of this one's endpoints. */
export interface Rival {
  /** Its task's id. */
  readonly name: string
  /** It was registered after this one: so it has the endpoint now. */
  readonly newer: boolean
  /** Traffic is sent to it. */
  readonly ready: boolean
  /** `address:port` */
  readonly endpoint: string
}

interface Holder {
  readonly name: string
  readonly since: string
  readonly ready: boolean
  readonly endpoints: ReadonlyArray<string>
}

type StoredDataplane = Resource<"Dataplane">

/** None for ports that carry an identity and no listener. */
const endpointsOf = ({ spec: { networking } }: StoredDataplane): ReadonlyArray<string> =>
  (networking?.inbound ?? []).flatMap(({ address = networking?.address, port, state }) =>
    state === "Ignored" ? [] : [`${address}:${port}`]
  )

const holderOf = (dataplane: StoredDataplane): Holder => ({
  name: dataplane.name,
  since: dataplane.creationTime,
  ready: (dataplane.spec.networking?.inbound ?? []).some(({ state }) => state === "Ready"),
  endpoints: endpointsOf(dataplane)
})

/** By when they were registered, and where that is the same by name, so that all agree. */
const isNewer = (one: Holder, other: Holder): boolean =>
  one.since === other.since ? one.name > other.name : one.since > other.since

export class EndpointHolders extends Context.Service<
  EndpointHolders,
  {
    /** Takes in what the store holds now, null for nothing; answers the names of those to whom that may matter. */
    readonly note: (key: ResourceKey<"Dataplane">, dataplane: StoredDataplane | null) => ReadonlyArray<string>
    /** What the store holds is all there is. */
    readonly begin: (dataplanes: ReadonlyArray<StoredDataplane>) => void
    readonly rivalsOf: (dataplane: StoredDataplane) => ReadonlyArray<Rival>
  }
>()("ecs-mesh/controllers/dataplane/EndpointHolders") {
  static readonly layer: Layer.Layer<EndpointHolders> = Layer.sync(EndpointHolders, () => {
    const holders = new Map<string, Holder>()
    const at = new Map<string, Set<string>>()

    const leave = (key: string): Holder | undefined => {
      const before = holders.get(key)
      holders.delete(key)
      for (const endpoint of before?.endpoints ?? []) {
        const others = at.get(endpoint)
        others?.delete(key)
        if (others?.size === 0) at.delete(endpoint)
      }
      return before
    }

    const enter = (key: string, holder: Holder): void => {
      holders.set(key, holder)
      for (const endpoint of holder.endpoints) at.set(endpoint, (at.get(endpoint) ?? new Set()).add(key))
    }

    const keysAt = (endpoints: ReadonlyArray<string>): ReadonlySet<string> =>
      new Set(endpoints.flatMap((endpoint) => [...(at.get(endpoint) ?? [])]))

    /** What a user wrote by hand is theirs to keep true. */
    const isOurs = ({ labels }: StoredDataplane): boolean => labels[TASK_LABEL] !== undefined

    return {
      note: (key, dataplane) => {
        const before = leave(formatKey(key))
        const now = dataplane !== null && isOurs(dataplane) ? holderOf(dataplane) : undefined
        const others = keysAt([...(before?.endpoints ?? []), ...(now?.endpoints ?? [])])
        if (now !== undefined) enter(formatKey(key), now)
        const same = before?.ready === now?.ready && String(before?.endpoints) === String(now?.endpoints)
        return same ? [] : [...others].flatMap((other) => holders.get(other)?.name ?? [])
      },
      begin: (dataplanes) => {
        holders.clear()
        at.clear()
        for (const dataplane of dataplanes.filter(isOurs)) enter(formatKey(dataplane), holderOf(dataplane))
      },
      rivalsOf: (dataplane) => {
        const own = holderOf(dataplane)
        return [...keysAt(own.endpoints)].flatMap((key) => {
          const other = holders.get(key)
          if (other === undefined || key === formatKey(dataplane)) return []
          const endpoint = other.endpoints.find((one) => own.endpoints.includes(one)) ?? ""
          return [{ name: other.name, newer: isNewer(other, own), ready: other.ready, endpoint }]
        })
      }
    }
  })
}
