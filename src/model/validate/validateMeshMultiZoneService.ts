/** A MeshMultiZoneService: which services it joins, and their ports. */
import type { MeshMultiZoneService } from "../MeshMultiZoneService.ts"
import type { Violation } from "../Violation.ts"
import { validatePort } from "./validateAddress.ts"
import { SUPPORTED_PROTOCOLS } from "./validateTags.ts"
import { field, inEach, violationIf } from "./violationPath.ts"

export const validateMeshMultiZoneService = ({ ports, selector }: MeshMultiZoneService): ReadonlyArray<Violation> => {
  const numbers = ports.map(({ port }) => port)
  return [
    ...violationIf(Object.keys(selector.meshService.matchLabels ?? {}).length === 0,
      "spec.selector.meshService.matchLabels", "cannot be empty"),
    ...violationIf(ports.length === 0, "spec.ports", "in body should have at least 1 items"),
    ...inEach("spec.ports", ports, ({ appProtocol, name, port }, path, index) => [
      ...violationIf(name === "", field(path, "name"), "must not be empty"),
      ...validatePort(field(path, "port"), port),
      ...violationIf(numbers.indexOf(port) < index, field(path, "port"), `port ${port} is already defined`),
      ...violationIf(!SUPPORTED_PROTOCOLS.includes(appProtocol), field(path, "appProtocol"),
        `appProtocol must be one of: ${SUPPORTED_PROTOCOLS.join(", ")}`)
    ])
  ]
}
