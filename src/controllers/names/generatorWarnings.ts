/** What keeps a HostnameGenerator's names out of DNS, in words for its author. Pure. */
import type { HostnameGenerator } from "../../model/HostnameGenerator.ts"
import type { PlacesOf } from "./wantedNames.ts"

/** `placesOf`: null where no names are kept in DNS. */
export const generatorWarnings =
  (placesOf: PlacesOf | null) => (generator: HostnameGenerator): ReadonlyArray<string> => {
    if (generator.extension?.type !== "Route53") return []
    if (placesOf === null) {
      return [
        "spec.extension: has no effect, as no names are kept in DNS: set KMESH_RUNTIME_AWS_ROUTE53_ENABLED=true and " +
        "KMESH_RUNTIME_AWS_ROUTE53_HOSTED_ZONE_ID, or ECS_MESH_CLOUD_MAP_NAMESPACE_ID, for the control plane"
      ]
    }
    const { places, refused } = placesOf(generator)
    if (places.length === 0 && refused.length === 0) {
      return ["spec.extension.config.hostedZones: has no effect in this zone: name it, or a hosted zone without a name"]
    }
    return refused.map((id) =>
      `spec.extension.config: nothing is kept in the hosted zone ${id}: ECS_MESH_ROUTE53_HOSTED_ZONES doesn't name it`)
  }
