/**
 * How peers and permissions know a workload: `spiffe://<mesh>/<service>` for each of its services, then
 * `kuma://<tag>/<value>` for each value of each of its tags (`kuma.io/service` among them), as Kuma names and orders
 * them.
 */
import { SERVICE_TAG, type Tags } from "../../model/Tags.ts"

/** Distinct and sorted, so that the order of inbounds changes no certificate. */
export const workloadNames = (mesh: string, tagSets: ReadonlyArray<Tags>): ReadonlyArray<string> => {
  const pairs = new Map(
    tagSets.flatMap((tags) => Object.entries(tags)).map((pair) => [pair.join("\0"), pair] as const)
  )
  const sorted = [...pairs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, pair]) => pair)
  return [
    ...sorted.filter(([tag]) => tag === SERVICE_TAG).map(([, service]) => `spiffe://${mesh}/${service}`),
    ...sorted.map(([tag, value]) => `kuma://${tag}/${value}`)
  ]
}
