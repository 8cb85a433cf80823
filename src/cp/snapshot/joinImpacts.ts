/** Whether nobody's configuration is touched. */
export const isEmpty = ({ meshes, proxies, secrets, services }: Impact): boolean =>
  meshes.size === 0 && proxies.length === 0 && services.size === 0 && secrets.size === 0

/** What two batches of changes touch together. Pure. */
import type { Impact } from "./MeshViews.ts"

export const joinImpacts = (one: Impact, other: Impact): Impact => {
  const services = new Map(one.services)
  for (const [mesh, names] of other.services) services.set(mesh, new Set([...services.get(mesh) ?? [], ...names]))
  return {
    meshes: new Set([...one.meshes, ...other.meshes]),
    proxies: [...one.proxies, ...other.proxies],
    services,
    secrets: new Set([...one.secrets, ...other.secrets])
  }
}
