/** What tests of services and of their names begin with. */
import { parseRange } from "../../../src/cp/services/AddressRange.ts"
import type { ServiceSettings } from "../../../src/cp/services/ServiceSettings.ts"
import type { DesiredResource, ResourceType, SpecByType } from "../../../src/model/Resource.ts"

export const desired = <T extends ResourceType>(
  type: T,
  mesh: string,
  name: string,
  spec: SpecByType[T],
  labels: Readonly<Record<string, string>> = {}
): DesiredResource<T> => ({ type, mesh, name, labels, spec })

export const range = (cidr: string) => {
  const parsed = parseRange(cidr)
  if (parsed === undefined) throw new Error(cidr)
  return parsed
}

export const serviceSettings: ServiceSettings = {
  generates: true,
  graceMillis: 3_600_000,
  holdMillis: 3_600_000,
  makesGenerators: false,
  ranges: {
    MeshService: range("127.4.0.0/16"),
    MeshExternalService: range("127.3.0.0/16"),
    MeshMultiZoneService: range("127.2.0.0/16")
  }
}
