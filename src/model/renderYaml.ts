/** Writes resources as a YAML stream that `parseYaml` and `decodeResource` read back, and kumactl applies. */
import { stringify } from "yaml"
import { encodeResource } from "./encodeResource.ts"
import type { DesiredResource, Resource } from "./Resource.ts"

export const renderYaml = (resources: ReadonlyArray<Resource | DesiredResource>): string =>
  resources
    .map((resource) => stringify(encodeResource(resource), { lineWidth: 0, aliasDuplicateObjects: false }))
    .join("---\n")
