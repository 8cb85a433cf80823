/** Which types there are and what each is like, as kumactl and Kuma's GUI ask it. Pure. */
import { descriptors, type ResourceDescriptor } from "../../model/ResourceDescriptor.ts"

/** Field names of a type's spec, as its own schema has them. */
const specFields = ({ schema: { ast } }: ResourceDescriptor): ReadonlyArray<PropertyKey> =>
  ast._tag === "Objects" ? ast.propertySignatures.map(({ name }) => name) : []

const isPolicy = (descriptor: ResourceDescriptor): boolean =>
  descriptor.specStyle === "spec" && specFields(descriptor).includes("targetRef")

/** `MeshHTTPRoute` is shown as `Mesh HTTP Route`. */
const displayName = (type: string): string =>
  type.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")

const plural = (name: string): string => {
  if (/(s|x|ch|sh)$/.test(name)) return `${name}es`
  return /[^aeiou]y$/.test(name) ? `${name.slice(0, -1)}ies` : `${name}s`
}

const shown: ReadonlyArray<ResourceDescriptor> = Object.values<ResourceDescriptor>(descriptors)
  .filter(({ own }) => !own)
  .sort((a, b) => (a.type < b.type ? -1 : 1))

/** What isn't a global control plane's to give to its zones, besides proxies and what is computed. */
const ZONES_OWN: ReadonlyArray<string> = ["MeshService", "Zone"]

/** Whose `from` and `rules` say different things. */
const KINDS_OF_RULES: ReadonlyArray<string> = ["MeshTrafficPermission"]

const describeType = (descriptor: ResourceDescriptor, readOnly: boolean) => {
  const fields = specFields(descriptor)
  const singularDisplayName = displayName(descriptor.type)
  return {
    name: descriptor.type,
    scope: descriptor.scope,
    path: descriptor.paths[0],
    readOnly: readOnly || descriptor.readOnly,
    singularDisplayName,
    pluralDisplayName: plural(singularDisplayName),
    shortName: descriptor.kriName ?? "",
    includeInFederation: !descriptor.readOnly && descriptor.insight === null && !ZONES_OWN.includes(descriptor.type),
    ...(isPolicy(descriptor)
      ? {
        policy: {
          isTargetRef: true,
          hasToTargetRef: fields.includes("to"),
          hasFromTargetRef: fields.includes("from"),
          hasRulesTargetRef: fields.includes("rules"),
          isFromAsRules: fields.includes("from") && fields.includes("rules") &&
            !KINDS_OF_RULES.includes(descriptor.type)
        }
      }
      : {})
  }
}

/** No types of the store's, but of answers. */
const computedType = (name: string, scope: ResourceDescriptor["scope"], path: string) => {
  const singularDisplayName = displayName(name)
  return {
    name, scope, path, readOnly: true, singularDisplayName, pluralDisplayName: plural(singularDisplayName),
    shortName: "", includeInFederation: false
  }
}

export const describeTypes = (readOnly: boolean) => ({
  resources: [
    ...shown.map((descriptor) => describeType(descriptor, readOnly)),
    computedType("MeshInsight", "Global", "mesh-insights"),
    computedType("ServiceInsight", "Mesh", "service-insights"),
    computedType("ZoneInsight", "Global", "zone-insights")
  ].sort((a, b) => (a.name < b.name ? -1 : 1))
})

export const describePolicies = (readOnly: boolean) => ({
  policies: shown.filter(isPolicy).map((descriptor) => {
    const { name, path, pluralDisplayName, policy, readOnly: isReadOnly, singularDisplayName } =
      describeType(descriptor, readOnly)
    return {
      name, readOnly: isReadOnly, path, singularDisplayName, pluralDisplayName,
      isExperimental: false,
      isTargetRefBased: true,
      isInbound: policy?.hasFromTargetRef === true,
      isOutbound: policy?.hasToTargetRef === true
    }
  })
})
