/** Resources as a store would hand them out, short to write. */
import type { ResourceChange } from "../../../src/cp/snapshot/ResourceCache.ts"
import type { Resource, ResourceType, SpecByType } from "../../../src/model/Resource.ts"

const TIME = "2026-01-01T00:00:00Z"

export const resource = <T extends ResourceType>(
  type: T,
  meshName: string,
  name: string,
  spec: SpecByType[T],
  labels: Readonly<Record<string, string>> = {}
): Resource<T> => ({
  type,
  mesh: meshName,
  name,
  labels,
  spec,
  version: 1,
  creationTime: TIME,
  modificationTime: TIME
})

export const created = (after: Resource): ResourceChange => ({ key: after, before: undefined, after })

/** `default`, with mTLS. */
export const mesh = (): Resource<"Mesh"> =>
  resource("Mesh", "", "default", { mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] } })

export interface ShortInbound {
  readonly service: string
  readonly ready?: boolean
  readonly protocol?: string
  readonly port?: number
}

/** In the mesh `default`; with `calls`, one outbound for each of those services, from port 10001 on. */
export const dataplane = (
  name: string,
  address: string,
  inbounds: ReadonlyArray<ShortInbound>,
  calls: ReadonlyArray<string> = []
): Resource<"Dataplane"> =>
  resource("Dataplane", "default", name, {
    networking: {
      address,
      inbound: inbounds.map(({ service, ready = true, protocol = "http", port = 8080 }) => ({
        port,
        servicePort: 5000,
        health: { ready },
        tags: { "kuma.io/service": service, "kuma.io/protocol": protocol }
      })),
      outbound: calls.map((service, index) => ({ port: 10001 + index, tags: { "kuma.io/service": service } }))
    }
  })
