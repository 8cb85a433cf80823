/**
 * What services there are to be kept, and what there is of each: followed change by change, so that only what a change
 * is about is looked at. Receives resource changes; answers keys of MeshServices to generate and of services that need
 * an address.
 */
import { ofType, type Resource } from "../../model/Resource.ts"
import { isServiceKind, type ServiceKind } from "../../model/ServiceAddress.ts"
import type { ResourceChange } from "../snapshot/ResourceCache.ts"
import { sameData } from "../snapshot/sameData.ts"
import type { Taken } from "./AddressRange.ts"
import type { Offer } from "./decideMeshService.ts"
import { offeredPorts } from "./offeredPorts.ts"
import { TakenAddresses } from "./TakenAddresses.ts"

export interface ServiceKey {
  readonly kind: ServiceKind
  readonly mesh: string
  readonly name: string
}

/** No mesh has a slash in its name. */
const keyText = ({ kind, mesh, name }: ServiceKey): string => `${kind}/${mesh}/${name}`

const NO_PORTS: ReadonlyMap<string, Offer["ports"]> = new Map()
const NO_OFFERS: ReadonlyMap<string, Offer> = new Map()

export class ServiceIndex {
  /** By mesh, then by service, then by Dataplane. */
  readonly #offers = new Map<string, Map<string, Map<string, Offer>>>()
  readonly #rows = new Map<string, Map<string, Resource<"ServiceAddress">>>()
  readonly #taken = new TakenAddresses()
  readonly #toGenerate = new Map<string, ServiceKey>()
  readonly #toAddress = new Map<string, ServiceKey>()

  get taken(): Taken {
    return this.#taken
  }

  offers(mesh: string, service: string): ReadonlyArray<Offer> {
    return [...(this.#offers.get(mesh)?.get(service) ?? NO_OFFERS).values()]
  }

  rows(key: ServiceKey): ReadonlyArray<Resource<"ServiceAddress">> {
    return [...this.#rows.get(keyText(key))?.values() ?? []]
  }

  apply(changes: Iterable<ResourceChange>, namesIn: (mesh: string) => ReadonlyArray<string>): void {
    for (const { after, before, key } of changes) {
      if (key.type === "Mesh") {
        const modeOf = (one: Resource | undefined) => ofType("Mesh", one)?.spec.meshServices
        if (sameData(modeOf(before), modeOf(after))) continue
        for (const name of [...namesIn(key.name), ...this.#offers.get(key.name)?.keys() ?? []]) {
          this.look("generate", { kind: "MeshService", mesh: key.name, name })
        }
      } else if (key.type === "Dataplane") {
        this.#applyDataplane(ofType("Dataplane", before), ofType("Dataplane", after))
      } else if (key.type === "ServiceAddress") {
        for (const one of [before, after]) {
          const row = ofType("ServiceAddress", one)
          if (row !== undefined) this.#applyRow(row, after)
        }
      } else if (isServiceKind(key.type)) {
        const service = { kind: key.type, mesh: key.mesh, name: key.name }
        if (key.type === "MeshService") this.look("generate", service)
        if (before === undefined || after === undefined) this.look("address", service)
      }
    }
  }

  look(what: "generate" | "address", key: ServiceKey): void {
    const keys = what === "generate" ? this.#toGenerate : this.#toAddress
    keys.set(keyText(key), key)
  }

  /** What is to be looked at since the last time. */
  drain(what: "generate" | "address"): ReadonlyArray<ServiceKey> {
    const keys = what === "generate" ? this.#toGenerate : this.#toAddress
    const drained = [...keys.values()]
    keys.clear()
    return drained
  }

  #applyDataplane(before: Resource<"Dataplane"> | undefined, after: Resource<"Dataplane"> | undefined): void {
    const dataplane = after ?? before
    if (dataplane === undefined) return
    const { mesh, name } = dataplane
    const was = before === undefined ? NO_PORTS : offeredPorts(before)
    const is = after === undefined ? NO_PORTS : offeredPorts(after)
    for (const service of new Set([...was.keys(), ...is.keys()])) {
      const ports = is.get(service)
      if (ports !== undefined && sameData(was.get(service), ports)) continue
      const ofMesh = this.#offers.get(mesh) ?? new Map<string, Map<string, Offer>>()
      this.#offers.set(mesh, ofMesh)
      const offers = ofMesh.get(service) ?? new Map<string, Offer>()
      ofMesh.set(service, offers)
      if (ports === undefined) offers.delete(name)
      else offers.set(name, { dataplane: name, creationTime: dataplane.creationTime, ports })
      if (offers.size === 0) ofMesh.delete(service)
      this.look("generate", { kind: "MeshService", mesh, name: service })
    }
  }

  #applyRow(row: Resource<"ServiceAddress">, after: Resource | undefined): void {
    const key = { kind: row.spec.kind, mesh: row.spec.mesh, name: row.spec.service }
    const rows = this.#rows.get(keyText(key)) ?? new Map<string, Resource<"ServiceAddress">>()
    this.#rows.set(keyText(key), rows)
    if (after === row) {
      rows.set(row.name, row)
      this.#taken.add(row.name)
    } else {
      rows.delete(row.name)
      if (after === undefined) this.#taken.delete(row.name)
    }
    if (rows.size === 0) this.#rows.delete(keyText(key))
    this.look("address", key)
  }
}
