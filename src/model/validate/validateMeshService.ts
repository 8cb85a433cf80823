/** A MeshService: a name that fits a hostname, and one way to choose its proxies. */
import type { DesiredResource } from "../Resource.ts"
import type { Violation } from "../Violation.ts"
import { validatePort } from "./validateAddress.ts"
import { validateHostLabelName } from "./validateHostLabelName.ts"
import { field, inEach, violationIf } from "./violationPath.ts"

/** Kuma takes any port; Envoy wouldn't. */
export const validateMeshService = (resource: DesiredResource<"MeshService">): ReadonlyArray<Violation> => {
  const { ports = [], selector } = resource.spec
  const numbers = ports.map(({ port }) => port)
  return [
    ...validateHostLabelName(resource),
    ...violationIf(Object.keys(selector).length > 1, "spec.selector",
      "must specify only one of: dataplaneTags, dataplaneRef, or dataplaneLabels"),
    ...inEach("spec.ports", ports, ({ port, targetPort }, path, index) => [
      ...validatePort(field(path, "port"), port),
      ...violationIf(numbers.indexOf(port) < index, field(path, "port"), `port ${port} is already defined`),
      ...(typeof targetPort === "number" ? validatePort(field(path, "targetPort"), targetPort) : []),
      ...violationIf(targetPort === "", field(path, "targetPort"), "must not be empty")
    ])
  ]
}
