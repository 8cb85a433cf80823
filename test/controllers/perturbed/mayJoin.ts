/** Whether a role lets its tasks be what they want to be. The model's own word, not the product's. Pure. */
import type { Family } from "./families.ts"
import type { Role } from "./World.ts"

const KNOWN = ["type", "mesh", "service", "workload", "zone", "protocol"].map((tag) => `kuma.io/${tag}`)

export const mayJoin = ({ kind, role: name, template }: Family, role: Role | null): boolean => {
  if (role === null || name === "foreign" || name === null) return false
  const { tags } = role
  if (Object.keys(tags).some((tag) => tag.startsWith("kuma.io/") && !KNOWN.includes(tag))) return false
  if (tags["kuma.io/type"] !== kind) return false
  if (kind !== "dataplane") return true
  const service = tags["kuma.io/service"]
  return tags["kuma.io/mesh"] === "default" && (template === undefined || service === undefined || service === template)
}
