/** Finds a resource by Kuma's resource identifier, `kri_<short type>_<mesh>_<zone>_<namespace>_<name>_<section>`. */
import { Effect } from "effect"
import { formatKri } from "../../model/formatKri.ts"
import type { Resource } from "../../model/Resource.ts"
import { descriptors, type ResourceDescriptor } from "../../model/ResourceDescriptor.ts"
import { Store } from "../../model/Store.ts"
import type { ApiRequest } from "./ApiRequest.ts"
import { getResource } from "./getResources.ts"
import { badRequest, notFound } from "./Refusal.ts"

const byShortName: ReadonlyMap<string, ResourceDescriptor> = new Map(
  Object.values<ResourceDescriptor>(descriptors).flatMap((descriptor) =>
    descriptor.kriName === null ? [] : [[descriptor.kriName, descriptor] as const])
)

/** No part may hold an underscore but a mesh's name, which older versions allowed it in. */
const KRI = /^kri_([a-z]+)_(.*)_([^_]*)_([^_]*)_([^_]+)_([^_]*)$/

export const getByKri = Effect.fnUntraced(function*(request: ApiRequest, kri: string) {
  const [, shortName = "", mesh = "", , , name = "", section] = KRI.exec(kri) ?? []
  const descriptor = byShortName.get(shortName)
  if (section === undefined) {
    return yield* badRequest("the KRI must be kri_<short type>_<mesh>_<zone>_<namespace>_<name>_<section>")
  }
  if (descriptor === undefined) return yield* badRequest(`no type has the short name ${JSON.stringify(shortName)}`)
  const missing = notFound("Could not retrieve a resource")
  if ((mesh === "") !== (descriptor.scope === "Global")) return yield* missing
  const store = yield* Store
  const find = store.get({ type: descriptor.type, mesh, name })
  const resource: Resource = yield* find.pipe(Effect.catchTag("NotFound", () => Effect.fail(missing)))
  // A section is a part of the resource that has it: the resource is what is answered.
  const whole = formatKri(resource)
  if (whole === null || !kri.startsWith(whole)) return yield* missing
  return yield* getResource(request, {
    _tag: "Single", descriptor, mesh, name: resource.name, withInsight: false
  })
})
