/** The virtual addresses of one mesh's services, kept true. A service that was given two has the older one. */
import { byAge } from "../../model/order.ts"
import type { Resource } from "../../model/Resource.ts"
import { serviceName } from "../../model/services/serviceNames.ts"

type Row = Resource<"ServiceAddress">

export class MeshAddresses {
  readonly #rows = new Map<string, Map<string, Row>>()
  /** By key of the service (`serviceName`). */
  readonly all = new Map<string, string>()

  /** Whether some service has another address than before. */
  put(before: Row | undefined, after: Row | undefined): boolean {
    const keys = new Set<string>()
    for (const row of [before, after]) if (row !== undefined) keys.add(serviceName(row.spec.kind, row.spec.service))
    let isOther = false
    for (const key of keys) {
      const rows = this.#rows.get(key) ?? new Map<string, Row>()
      this.#rows.set(key, rows)
      if (before !== undefined) rows.delete(before.name)
      if (after !== undefined && serviceName(after.spec.kind, after.spec.service) === key) rows.set(after.name, after)
      const first = [...rows.values()].filter(({ spec }) => spec.releasedAt === undefined).sort(byAge)[0]?.name
      if (rows.size === 0) this.#rows.delete(key)
      if (this.all.get(key) === first) continue
      isOther = true
      if (first === undefined) this.all.delete(key)
      else this.all.set(key, first)
    }
    return isOther
  }
}
