import { create } from "@bufbuild/protobuf"
import { EmptySchema } from "@bufbuild/protobuf/wkt"
import { type ProxySnapshot, TypeUrl, type XdsResource } from "../../../src/cp/xds/XdsResource.ts"

/** A resource of which only name and version matter. */
export const resource = (typeUrl: TypeUrl, name: string, version: string, size = 8): XdsResource => ({
  typeUrl,
  name,
  version,
  bytes: new Uint8Array(size),
  message: create(EmptySchema)
})

/** A snapshot of `{Cluster: {a: "1"}}`. */
export const snapshot = (
  content: Partial<Record<keyof typeof TypeUrl, Readonly<Record<string, string>>>>
): ProxySnapshot => {
  const snapshot = new Map<TypeUrl, ReadonlyMap<string, XdsResource>>()
  for (const key of ["Cluster", "ClusterLoadAssignment", "Listener", "RouteConfiguration", "Secret"] as const) {
    const versions = content[key]
    if (versions === undefined) continue
    const typeUrl = TypeUrl[key]
    snapshot.set(
      typeUrl,
      new Map(Object.entries(versions).map(([name, version]) => [name, resource(typeUrl, name, version)]))
    )
  }
  return snapshot
}
