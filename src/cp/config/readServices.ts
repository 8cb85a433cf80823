/** How services are generated and addressed, from environment variables. */
import { type AddressRange, overlap, parseRange } from "../services/AddressRange.ts"
import type { ServiceSettings } from "../services/ServiceSettings.ts"
import type { Environment } from "./Environment.ts"

const HOUR = 3_600_000

const readRange = (env: Environment, name: string, otherwise: string): AddressRange => {
  const text = env.text(name, otherwise)
  const range = parseRange(text)
  if (range !== undefined) return range
  env.problems.push(`${name}: must be an IPv4 network of four addresses or more such as ${otherwise}, but is "${text}"`)
  return parseRange(otherwise) ?? { cidr: otherwise, first: 0, size: 0 }
}

const RANGES = {
  MeshService: ["KUMA_IPAM_MESH_SERVICE_CIDR", "241.0.0.0/8"],
  MeshExternalService: ["KUMA_IPAM_MESH_EXTERNAL_SERVICE_CIDR", "242.0.0.0/8"],
  MeshMultiZoneService: ["KUMA_IPAM_MESH_MULTI_ZONE_SERVICE_CIDR", "243.0.0.0/8"]
} as const

export const readServices = (env: Environment): ServiceSettings => {
  const ranges = {
    MeshService: readRange(env, ...RANGES.MeshService),
    MeshExternalService: readRange(env, ...RANGES.MeshExternalService),
    MeshMultiZoneService: readRange(env, ...RANGES.MeshMultiZoneService)
  }
  const named = [
    [RANGES.MeshService[0], ranges.MeshService],
    [RANGES.MeshExternalService[0], ranges.MeshExternalService],
    [RANGES.MeshMultiZoneService[0], ranges.MeshMultiZoneService]
  ] as const
  for (const [at, [name, range]] of named.entries()) {
    for (const [other, one] of named.slice(at + 1)) {
      if (overlap(range, one)) env.problems.push(`${name} and ${other}: must have no address in common`)
    }
  }
  return {
    // Kuma's interval of looking; here each change is looked at by itself.
    generates: env.millis("KUMA_MESH_SERVICE_GENERATION_INTERVAL", 2_000) > 0,
    graceMillis: env.millis("KUMA_MESH_SERVICE_DELETION_GRACE_PERIOD", HOUR),
    ranges,
    holdMillis: env.millis("ECS_MESH_SERVICE_ADDRESS_HOLD", HOUR),
    makesGenerators: !env.flag("KUMA_DEFAULTS_SKIP_HOSTNAME_GENERATORS", false)
  }
}
