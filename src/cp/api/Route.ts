/** Finds what a path is about, as plain data. */
import { descriptors, type ResourceDescriptor } from "../../model/ResourceDescriptor.ts"

export type Route =
  | { readonly _tag: "Index" }
  /** Where tokens for proxies are issued. */
  | { readonly _tag: "Tokens"; readonly kind: "dataplane" | "zone" }
  /** What this replica saw, decided and sent. */
  | { readonly _tag: "Journal" }
  | {
      readonly _tag: "Collection"
      readonly descriptor: ResourceDescriptor
      /** Undefined for all meshes. */
      readonly mesh: string | undefined
      readonly withInsight: boolean
    }
  | {
      readonly _tag: "Single"
      readonly descriptor: ResourceDescriptor
      /** The empty string for types without a mesh. */
      readonly mesh: string
      readonly name: string
      readonly withInsight: boolean
    }

interface PathEntry {
  readonly descriptor: ResourceDescriptor
  readonly withInsight: boolean
}

/** What overviews were called before `_overview`; older clients still ask so. */
const OLD_OVERVIEWS: Readonly<Record<string, ResourceDescriptor>> = {
  "dataplanes+insights": descriptors.Dataplane,
  "zoneingresses+insights": descriptors.ZoneIngress,
  "zoneegressoverviews": descriptors.ZoneEgress
}

const entries: ReadonlyMap<string, PathEntry> = new Map([
  ...Object.values<ResourceDescriptor>(descriptors).flatMap((descriptor) =>
    descriptor.paths.map((path): [string, PathEntry] => [path, { descriptor, withInsight: false }])),
  ...Object.entries(OLD_OVERVIEWS).map(([path, descriptor]): [string, PathEntry] =>
    [path, { descriptor, withInsight: true }])
])

const findTokens = ([kind, ...more]: ReadonlyArray<string>): Route | null =>
  (kind === "dataplane" || kind === "zone") && more.length === 0 ? { _tag: "Tokens", kind } : null

/** The route, or null where nothing is. `path` is decoded. */
export const findRoute = (path: ReadonlyArray<string>): Route | null => {
  if (path.length === 0) return { _tag: "Index" }
  if (path[0] === "journal") return path.length === 1 ? { _tag: "Journal" } : null
  if (path[0] === "tokens") return findTokens(path.slice(1))
  const inMesh = path[0] === "meshes" && path.length > 2
  const [collection = "", ...rest] = inMesh ? path.slice(2) : path
  const mesh = inMesh ? path[1] : undefined
  const entry = entries.get(collection)
  if (entry === undefined || (inMesh && entry.descriptor.scope === "Global")) return null
  const { descriptor } = entry
  const isOverview = rest.at(-1) === "_overview" && descriptor.insight !== null
  const withInsight = entry.withInsight || isOverview
  const [name, ...more] = isOverview ? rest.slice(0, -1) : rest
  if (more.length > 0) return null
  if (name === undefined) return { _tag: "Collection", descriptor, mesh, withInsight }
  // A resource of a mesh is found under its mesh alone: elsewhere its name says too little.
  if (descriptor.scope === "Mesh" && mesh === undefined) return null
  return { _tag: "Single", descriptor, mesh: mesh ?? "", name, withInsight }
}

export const allowedMethods = (route: Route): ReadonlyArray<string> => {
  if (route._tag === "Tokens") return ["POST"]
  return route._tag === "Single" && !route.withInsight ? ["GET", "PUT", "DELETE"] : ["GET"]
}
