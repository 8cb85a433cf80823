/**
 * The assignments of all Dataplanes, kept true. Receives batches of resource changes; a Dataplane's change costs its
 * own assignment, that of a Mesh or a MeshMetric its mesh's. What is told to one client is put together once for all
 * who ask alike, and named by its content: every replica says the same version of the same.
 */
import { hash } from "node:crypto"
import { type Policies, withPolicy } from "../../model/policies.ts"
import { ofType, type Resource, type ResourceType } from "../../model/Resource.ts"
import type { ResourceChange } from "../snapshot/ResourceCache.ts"
import { sameData } from "../snapshot/sameData.ts"
import { type Assignment, ASSIGNMENT_TYPE, assignmentsOf } from "./Assignment.ts"

/** The types that assignments are made of. */
export const ASSIGNED: ReadonlyArray<ResourceType> = ["Mesh", "MeshMetric", "Dataplane"]

interface OfMesh {
  resource: Resource<"Mesh"> | undefined
  policies: Policies
  readonly dataplanes: Map<string, Resource<"Dataplane">>
  /** By the name of the Dataplane; those without any are missing. */
  readonly assignments: Map<string, ReadonlyArray<Assignment>>
}

/** Of which Dataplanes something else is told, as clients name them; `all`: nobody knows of which. */
export type Changed = ReadonlySet<string> | "all"

/** What a client is told. */
export interface Told {
  readonly version: string
  /** JSON of the DiscoveryResponse. */
  readonly body: Buffer
}

const NONE: ReadonlyArray<Assignment> = []

/** As assignments are named. */
const NAME = /^\/meshes\/([^/]+)\/dataplanes\/([^/]+)$/

const byName = (a: Assignment, b: Assignment): number => (a.name < b.name ? -1 : 1)

const sayTheSame = (before: Resource | undefined, after: Resource | undefined): boolean =>
  sameData(before?.spec, after?.spec) && sameData(before?.labels, after?.labels)

export class Assignments {
  readonly #meshes = new Map<string, OfMesh>()
  /** By the client that is named, null for the others; of what there is now. */
  readonly #told = new Map<string | null, Told>()
  /** Clients that some MeshMetric names, with the number of assignments that are theirs. */
  readonly #clients = new Map<string, number>()
  #changed = new Set<string>()

  /** Answers what is told otherwise since. */
  apply(changes: Iterable<ResourceChange>): Changed {
    const before = [...this.#clients.keys()]
    this.#changed = new Set()
    const whole = new Set<OfMesh>()
    for (const change of changes) this.#applyOne(change, whole)
    for (const mesh of whole) for (const dataplane of mesh.dataplanes.values()) this.#assign(mesh, dataplane)
    if (this.#changed.size > 0) this.#told.clear()
    // Who is named now, or no more, is told of others: also of those that are as they were.
    const sameClients = before.length === this.#clients.size && before.every((client) => this.#clients.has(client))
    return sameClients ? this.#changed : "all"
  }

  /** What is told to a client that calls itself so. The same object until it is another. */
  of(clientId: string): Told {
    const client = this.#client(clientId)
    const known = this.#told.get(client)
    if (known !== undefined) return known
    const told = respond(this.#all().filter((one) => isTold(one, client)))
    this.#told.set(client, told)
    return told
  }

  /** Of these only (`/meshes/<mesh>/dataplanes/<name>`). Costs as much as there are names, however many Dataplanes. */
  some(clientId: string, names: ReadonlySet<string>): Told {
    const client = this.#client(clientId)
    const found = [...names].flatMap((name) => {
      const [, mesh = "", dataplane = ""] = NAME.exec(name) ?? []
      return this.#meshes.get(mesh)?.assignments.get(dataplane) ?? NONE
    })
    return respond(found.filter((one) => isTold(one, client)))
  }

  #applyOne({ after, before, key }: ResourceChange, whole: Set<OfMesh>): void {
    switch (key.type) {
      case "Mesh": {
        const mesh = this.#mesh(key.name)
        const [was, now] = [ofType("Mesh", before), ofType("Mesh", after)]
        mesh.resource = now
        if ((was === undefined) !== (now === undefined) || !sameData(was?.spec.metrics, now?.spec.metrics)) {
          whole.add(mesh)
        }
        return
      }
      case "MeshMetric": {
        const mesh = this.#mesh(key.mesh)
        mesh.policies = withPolicy(mesh.policies, "MeshMetric", key.name, after)
        if (!sayTheSame(before, after)) whole.add(mesh)
        return
      }
      case "Dataplane": {
        const mesh = this.#mesh(key.mesh)
        const now = ofType("Dataplane", after)
        if (now === undefined) {
          mesh.dataplanes.delete(key.name)
          return this.#keep(mesh, key.name, NONE)
        }
        mesh.dataplanes.set(key.name, now)
        return this.#assign(mesh, now)
      }
      default:
        return
    }
  }

  #mesh(name: string): OfMesh {
    const known = this.#meshes.get(name)
    if (known !== undefined) return known
    const mesh: OfMesh = { resource: undefined, policies: {}, dataplanes: new Map(), assignments: new Map() }
    this.#meshes.set(name, mesh)
    return mesh
  }

  #assign(mesh: OfMesh, dataplane: Resource<"Dataplane">): void {
    const { policies, resource } = mesh
    this.#keep(mesh, dataplane.name, resource === undefined ? NONE : assignmentsOf(resource, policies, dataplane))
  }

  #keep({ assignments }: OfMesh, name: string, now: ReadonlyArray<Assignment>): void {
    const before = assignments.get(name) ?? NONE
    if (sameData(before, now)) return
    this.#count(before, -1)
    this.#count(now, 1)
    if (now.length === 0) assignments.delete(name)
    else assignments.set(name, now)
  }

  #count(assignments: ReadonlyArray<Assignment>, by: 1 | -1): void {
    for (const { audience, name } of assignments) {
      this.#changed.add(name)
      if (audience._tag !== "Client") continue
      const left = (this.#clients.get(audience.id) ?? 0) + by
      if (left === 0) this.#clients.delete(audience.id)
      else this.#clients.set(audience.id, left)
    }
  }

  /** Null where no MeshMetric names it. */
  #client(clientId: string): string | null {
    return this.#clients.has(clientId) ? clientId : null
  }

  #all(): ReadonlyArray<Assignment> {
    return [...this.#meshes.values()].flatMap(({ assignments }) => [...assignments.values()].flat())
  }
}

/** `client`: null where no MeshMetric names it. */
const isTold = ({ audience }: Assignment, client: string | null): boolean => {
  switch (audience._tag) {
    case "Everybody":
      return true
    case "Unnamed":
      return client === null
    case "Client":
      return audience.id === client
  }
}

/** https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#rest-json-polling-subscriptions */
const respond = (assignments: ReadonlyArray<Assignment>): Told => {
  const resources = [...assignments].sort(byName).map(({ json }) => json).join(",")
  const version = hash("sha256", resources).slice(0, 16)
  const head = JSON.stringify({ version_info: version, type_url: ASSIGNMENT_TYPE })
  return { version, body: Buffer.from(`${head.slice(0, -1)},"resources":[${resources}]}`) }
}
