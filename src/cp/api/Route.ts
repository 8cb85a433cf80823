/** Finds what a path is about, as plain data. The same tables say what there is to find, for the OpenAPI document. */
import { descriptors, type ResourceDescriptor } from "../../model/ResourceDescriptor.ts"
import { findInspectEntry } from "./inspect/inspectEntries.ts"
import type { InspectEntry, Parameters } from "./inspect/InspectEntry.ts"
import { UNSERVED, type UnservedType } from "./unserved.ts"

export type TokenKind = "dataplane" | "zone" | "user"

/** What is at one path alone. */
export type FixedRoute =
  | { readonly _tag: "Index" }
  /** Where tokens are issued. */
  | { readonly _tag: "Tokens"; readonly kind: TokenKind }
  /** What this replica saw, decided and sent. */
  | { readonly _tag: "Journal" }
  | { readonly _tag: "WhoAmI" }
  /** What this control plane was started with, without secrets. */
  | { readonly _tag: "Config" }
  /** Which types there are. */
  | { readonly _tag: "ResourceTypes" }
  | { readonly _tag: "Policies" }
  /** The API's own description. */
  | { readonly _tag: "OpenApi" }

export type Route =
  | FixedRoute
  | { readonly _tag: "Kri"; readonly kri: string }
  /** How things are. */
  | { readonly _tag: "Inspect"; readonly entry: InspectEntry; readonly parameters: Parameters }
  | {
      readonly _tag: "ServicePart"
      readonly descriptor: ResourceDescriptor
      readonly mesh: string
      readonly name: string
      readonly part: ServicePart
    }
  | {
      readonly _tag: "Unserved"
      readonly unserved: UnservedType
      readonly mesh: string | undefined
      /** Undefined for the collection. */
      readonly name: string | undefined
    }
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

export type ServicePart = "hostnames" | "dataplanes"

/** What may be asked of one service beside itself, by its collection. */
export const SERVICE_PARTS: Readonly<Record<string, ReadonlyArray<ServicePart>>> = {
  meshservices: ["hostnames", "dataplanes"],
  meshexternalservices: ["hostnames"],
  meshmultizoneservices: ["hostnames"]
}

interface PathEntry {
  readonly descriptor: ResourceDescriptor
  readonly withInsight: boolean
}

export const FIXED_ROUTES: Readonly<Record<string, FixedRoute>> = {
  "/": { _tag: "Index" },
  "/config": { _tag: "Config" },
  "/journal": { _tag: "Journal" },
  "/openapi.yaml": { _tag: "OpenApi" },
  "/policies": { _tag: "Policies" },
  "/_resources": { _tag: "ResourceTypes" },
  "/tokens/dataplane": { _tag: "Tokens", kind: "dataplane" },
  "/tokens/user": { _tag: "Tokens", kind: "user" },
  "/tokens/zone": { _tag: "Tokens", kind: "zone" },
  "/who-am-i": { _tag: "WhoAmI" }
}

/** What overviews were called before `_overview`; older clients still ask so. */
export const OLD_OVERVIEWS: Readonly<Record<string, ResourceDescriptor>> = {
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

const fixedRoute = (path: ReadonlyArray<string>): FixedRoute | undefined => {
  const text = `/${path.join("/")}`
  return Object.hasOwn(FIXED_ROUTES, text) && path.length === text.split("/").length - (text === "/" ? 2 : 1)
    ? FIXED_ROUTES[text]
    : undefined
}

/** By the same rules as what is served. */
const findUnserved = (
  collection: string,
  mesh: string | undefined,
  [name, ...more]: ReadonlyArray<string>
): Route | null => {
  const unserved = Object.hasOwn(UNSERVED, collection) ? UNSERVED[collection] : undefined
  if (unserved === undefined || more.length > 0 || name?.startsWith("_") === true) return null
  return name !== undefined && mesh === undefined ? null : { _tag: "Unserved", unserved, mesh, name }
}

const findServicePart = (
  { descriptor }: PathEntry,
  collection: string,
  mesh: string | undefined,
  [name, last, ...more]: ReadonlyArray<string>
): Route | null => {
  const parts = Object.hasOwn(SERVICE_PARTS, collection) ? SERVICE_PARTS[collection] ?? [] : []
  const part = parts.find((one) => `_${one}` === last)
  return part === undefined || mesh === undefined || name === undefined || more.length > 0
    ? null
    : { _tag: "ServicePart", descriptor, mesh, name, part }
}

/** The route, or null where nothing is. `path` is decoded. */
export const findRoute = (path: ReadonlyArray<string>): Route | null => {
  const fixed = fixedRoute(path)
  if (fixed !== undefined) return fixed
  if (path[0] === "_kri") return path.length === 2 && path[1] !== undefined ? { _tag: "Kri", kri: path[1] } : null
  const inspected = findInspectEntry(path)
  if (inspected !== null) return { _tag: "Inspect", ...inspected }
  const inMesh = path[0] === "meshes" && path.length > 2
  const [collection = "", ...rest] = inMesh ? path.slice(2) : path
  const mesh = inMesh ? path[1] : undefined
  const entry = entries.get(collection)
  if (entry === undefined) return findUnserved(collection, mesh, rest)
  if (inMesh && entry.descriptor.scope === "Global") return null
  const { descriptor } = entry
  const isOverview = rest.at(-1) === "_overview" && descriptor.insight !== null
  const withInsight = entry.withInsight || isOverview
  const [name, ...more] = isOverview ? rest.slice(0, -1) : rest
  if (more.length > 0) return findServicePart(entry, collection, mesh, rest)
  if (name === undefined) return { _tag: "Collection", descriptor, mesh, withInsight }
  // A resource of a mesh is found under its mesh alone: elsewhere its name says too little.
  if (descriptor.scope === "Mesh" && mesh === undefined) return null
  return { _tag: "Single", descriptor, mesh: mesh ?? "", name, withInsight }
}

export const allowedMethods = (route: Route): ReadonlyArray<string> => {
  if (route._tag === "Tokens") return ["POST"]
  if (route._tag === "Unserved") return route.name === undefined ? ["GET"] : ["GET", "PUT", "DELETE"]
  return route._tag === "Single" && !route.withInsight ? ["GET", "PUT", "DELETE"] : ["GET"]
}
