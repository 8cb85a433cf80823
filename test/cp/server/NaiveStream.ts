/**
 * What a stream owes its proxy, written as plainly as the protocol is: everything known is kept by name, and everything
 * is looked at anew for each answer. Slow, and what the folds are held against.
 */
import type { DeltaRequest, SotwRequest } from "../../../src/cp/server/receive.ts"
import { versionOf } from "../../../src/cp/server/versionOf.ts"
import { type ProxySnapshot, TypeUrl, type XdsResource } from "../../../src/cp/xds/XdsResource.ts"

interface Rejected {
  readonly version: string
  readonly attempts: number
  readonly retryAt: number | null
}

class Of {
  readonly names = new Set<string>()
  wildcard = false
  explicit = false
  awaiting = false
  resumes = ""
  lastNonce: string | null = null
  /** "": told that there is none. */
  readonly known = new Map<string, { readonly version: string; readonly resource: XdsResource | null }>()
  readonly owed = new Set<string>()
  readonly rejected = new Map<string, Rejected>()
  readonly unanswered = new Map<string, ReadonlyArray<XdsResource>>()

  wants(name: string): boolean {
    return this.wildcard || this.names.has(name)
  }

  isUnderWay(name: string): boolean {
    return this.unanswered.size >= 16 || [...this.unanswered.values()].flat().some((sent) => sent.name === name)
  }

  forgetOthers(): void {
    for (const map of [this.known, this.rejected]) {
      for (const name of [...map.keys()]) if (!this.wants(name)) map.delete(name)
    }
  }
}

export interface NaiveResponse {
  readonly typeUrl: TypeUrl
  readonly resources: ReadonlyArray<XdsResource>
  readonly removed: ReadonlyArray<string>
}

const ORDER = [
  TypeUrl.Secret, TypeUrl.Cluster, TypeUrl.ClusterLoadAssignment, TypeUrl.Listener, TypeUrl.RouteConfiguration
]
const isWhole = (typeUrl: TypeUrl): boolean => typeUrl === TypeUrl.Cluster || typeUrl === TypeUrl.Listener

export class NaiveStream {
  readonly protocol: "delta" | "sotw"
  readonly policy: { readonly backoffMillis: number; readonly attempts: number }
  readonly types = new Map<string, Of>()
  sequence = 0
  /** Clusters that were sent before any assignment was asked for. */
  readonly warming = new Set<string>()

  constructor(protocol: "delta" | "sotw", policy: NaiveStream["policy"]) {
    this.protocol = protocol
    this.policy = policy
  }

  delta(request: DeltaRequest, now: number): string {
    const first = !this.types.has(request.typeUrl)
    const of = this.types.get(request.typeUrl) ?? new Of()
    this.types.set(request.typeUrl, of)
    const answered = this.#answer(of, request, now)
    const { initialResourceVersions, resourceNamesSubscribe: subscribe, resourceNamesUnsubscribe } = request
    if (first) {
      for (const [name, version] of Object.entries(initialResourceVersions)) {
        of.known.set(name, { version, resource: null })
      }
      if (subscribe.length === 0) of.wildcard = of.awaiting = true
    }
    of.explicit ||= subscribe.length > 0
    const resumes = request.typeUrl !== TypeUrl.ClusterLoadAssignment || this.types.has(TypeUrl.Cluster)
    for (const name of subscribe) {
      if (name === "*") {
        of.awaiting ||= !of.wildcard
        of.wildcard = true
        continue
      }
      of.names.add(name)
      const warms = request.typeUrl === TypeUrl.ClusterLoadAssignment && this.warming.has(name)
      if (!(first && resumes && !warms && name in initialResourceVersions)) of.owed.add(name)
    }
    for (const name of resourceNamesUnsubscribe) {
      if (name === "*") of.wildcard = false
      else {
        of.names.delete(name)
        of.owed.delete(name)
        if (of.wildcard) of.owed.add(name)
      }
    }
    for (const name of [...of.owed]) if (!of.wants(name)) of.owed.delete(name)
    of.forgetOthers()
    return answered
  }

  sotw(request: SotwRequest, now: number): string {
    const first = !this.types.has(request.typeUrl)
    const of = this.types.get(request.typeUrl) ?? new Of()
    this.types.set(request.typeUrl, of)
    const answered = first ? "" : this.#answer(of, request, now)
    if (first) of.resumes = request.versionInfo
    if (!first && of.lastNonce !== null && request.responseNonce !== of.lastNonce) return answered
    const { explicit, wildcard } = of
    of.explicit ||= request.resourceNames.length > 0
    of.wildcard = of.explicit ? request.resourceNames.includes("*") : true
    of.awaiting ||= of.wildcard && !wildcard
    const names = new Set(request.resourceNames.filter((name) => name !== "*"))
    const same = names.size === of.names.size && [...names].every((name) => of.names.has(name))
    if (same && explicit === of.explicit && wildcard === of.wildcard) return answered
    for (const name of [...of.owed]) if (!names.has(name)) of.owed.delete(name)
    for (const name of names) if (!of.names.has(name)) of.owed.add(name)
    of.names.clear()
    for (const name of names) of.names.add(name)
    of.forgetOthers()
    return answered
  }

  /** `prefer`: which one is, of those that may be offered again. */
  next(snapshot: ProxySnapshot, now: number, prefer: string | undefined): NaiveResponse | null {
    for (const removals of [false, true]) {
      if (removals && !this.#isQuiet(snapshot)) return null
      for (const typeUrl of removals ? [...ORDER].reverse() : ORDER) {
        const of = this.types.get(typeUrl)
        if (of === undefined) continue
        const all = snapshot.get(typeUrl) ?? new Map<string, XdsResource>()
        this.#resume(of, typeUrl, all)
        if (of.unanswered.size >= 16) continue
        const response = this.#offer(of, typeUrl, all, removals, now, prefer)
        if (response !== null) return response
      }
    }
    return null
  }

  wakesAt(snapshot: ProxySnapshot): number | null {
    const times = [...this.types].flatMap(([typeUrl, of]) =>
      [...of.rejected].flatMap(([name, { retryAt, version }]) => {
        const current = ORDER.filter((type) => type === typeUrl).map((type) => snapshot.get(type)?.get(name)?.version)
        return retryAt === null || current[0] !== version || of.isUnderWay(name) ? [] : [retryAt]
      })
    )
    return times.length === 0 ? null : Math.min(...times)
  }

  #answer(of: Of, { error, responseNonce }: Pick<DeltaRequest, "error" | "responseNonce">, now: number): string {
    const sent = of.unanswered.get(responseNonce)
    if (responseNonce === "") return ""
    if (sent === undefined) return "Stale"
    const earlier: Array<XdsResource> = []
    for (const [nonce, resources] of [...of.unanswered]) {
      if (nonce === responseNonce) break
      if (this.protocol === "delta") continue
      of.unanswered.delete(nonce)
      if (error === null) earlier.push(...resources)
    }
    of.unanswered.delete(responseNonce)
    for (const { name, version } of [...earlier, ...sent]) {
      const before = of.rejected.get(name)
      if (error === null) {
        if (before?.version === version) of.rejected.delete(name)
        continue
      }
      if (of.known.get(name)?.version !== version) continue
      const attempts = before?.version === version ? before.attempts + 1 : 1
      const wait = this.policy.backoffMillis * 2 ** (attempts - 1)
      of.rejected.set(name, { version, attempts, retryAt: attempts >= this.policy.attempts ? null : now + wait })
    }
    return error === null ? "Acked" : "Nacked"
  }

  #resume(of: Of, typeUrl: TypeUrl, all: ReadonlyMap<string, XdsResource>): void {
    const same = this.protocol === "sotw" && isWhole(typeUrl) && of.awaiting && of.wildcard && of.names.size === 0 &&
      of.resumes !== "" && of.resumes === versionOf([...all.values()])
    of.resumes = ""
    if (!same) return
    of.awaiting = false
    for (const [name, resource] of all) of.known.set(name, { version: resource.version, resource })
  }

  #isQuiet(snapshot: ProxySnapshot): boolean {
    return ORDER.every((typeUrl) => {
      const of = this.types.get(typeUrl)
      return of === undefined || (of.unanswered.size === 0 && [...of.rejected].every(([name, { version }]) =>
        snapshot.get(typeUrl)?.get(name)?.version !== version))
    })
  }

  #offer(
    of: Of,
    typeUrl: TypeUrl,
    all: ReadonlyMap<string, XdsResource>,
    removals: boolean,
    now: number,
    prefer: string | undefined
  ): NaiveResponse | null {
    const wanted = [...all.values()].filter(({ name }) => of.wants(name))
    const fresh = wanted.filter(({ name, version }) =>
      of.owed.has(name) || (of.rejected.get(name)?.version !== version && of.known.get(name)?.version !== version))
    const again = wanted.filter(({ name, version }) => {
      const { retryAt = null, version: refused } = of.rejected.get(name) ?? {}
      return refused === version && retryAt !== null && retryAt <= now && !of.isUnderWay(name)
    })
    const changed = fresh.length > 0 ? fresh : again.filter(({ name }) => name === (prefer ?? again[0]?.name))
    const absent = [...of.owed].filter((name) => !all.has(name))
    const gone = [...of.known].flatMap(([name, { version }]) => version !== "" && !all.has(name) ? [name] : [])
    const mayGo = removals || typeUrl === TypeUrl.Listener
    if (this.protocol === "delta") {
      const removed = [...new Set([...absent, ...(mayGo ? gone : [])])]
      const says = changed.length + removed.length > 0 || of.awaiting
      return says ? this.#send(of, typeUrl, changed, removed, removed) : null
    }
    if (!isWhole(typeUrl)) {
      return changed.length > 0 ? this.#send(of, typeUrl, changed, [], [...gone, ...absent]) : null
    }
    if (fresh.length + again.length === 0 && !(mayGo && gone.length > 0) && !of.awaiting) return null
    const held = mayGo ? [] : gone.flatMap((name) => of.known.get(name)?.resource ?? [])
    return this.#send(of, typeUrl, [...wanted, ...held], mayGo ? gone : [], mayGo ? gone : [])
  }

  #send(
    of: Of,
    typeUrl: TypeUrl,
    resources: ReadonlyArray<XdsResource>,
    removed: ReadonlyArray<string>,
    forgotten: ReadonlyArray<string>
  ): NaiveResponse {
    const warming = resources.filter(({ name, version }) =>
      of.rejected.has(name) || of.known.get(name)?.version !== version)
    for (const resource of resources) {
      const { name, version } = resource
      of.known.set(name, { version, resource })
      of.owed.delete(name)
      if (of.rejected.get(name)?.version !== version) of.rejected.delete(name)
    }
    for (const name of forgotten) {
      of.owed.delete(name)
      of.rejected.delete(name)
      if (of.names.has(name)) of.known.set(name, { version: "", resource: null })
      else of.known.delete(name)
    }
    this.sequence += 1
    of.unanswered.set(String(this.sequence), resources)
    of.awaiting = false
    of.lastNonce = String(this.sequence)
    const assignments = this.types.get(TypeUrl.ClusterLoadAssignment)
    if (typeUrl === TypeUrl.Cluster) {
      for (const { name } of warming) {
        if (assignments === undefined) this.warming.add(name)
        else if (assignments.wants(name)) assignments.owed.add(name)
      }
    }
    return { typeUrl, resources, removed }
  }
}
