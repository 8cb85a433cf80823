/** What a Dataplane says it calls, where its traffic is redirected transparently. */
import type { Dataplane } from "../Dataplane.ts"
import type { Violation } from "../Violation.ts"
import { recordOf, textOf } from "./backends.ts"
import { validateName } from "./validateMeta.ts"
import { BACKEND_KIND_MESSAGE, BACKEND_KINDS } from "./validateOutbound.ts"
import { field, inEach, violationIf } from "./violationPath.ts"

type TransparentProxying = NonNullable<Dataplane["networking"]>["transparentProxying"]

/** Spelt without the `y`, as Kuma's violations have it. */
const PATH = "networking.transparentProxing.reachableBackends.refs"

export const validateReachableBackends = (proxying: TransparentProxying): ReadonlyArray<Violation> => {
  const { refs } = recordOf(proxying?.["reachableBackends"])
  return inEach(PATH, Array.isArray(refs) ? refs : [], (item: unknown, path) => {
    const ref = recordOf(item)
    const [name, namespace] = [textOf(ref["name"]), textOf(ref["namespace"])]
    const hasLabels = Object.keys(recordOf(ref["labels"])).length > 0
    const at = field(path, "name")
    return [
      ...violationIf(!BACKEND_KINDS.includes(textOf(ref["kind"])), field(path, "kind"), BACKEND_KIND_MESSAGE),
      ...(name === "" ? [] : validateName(at, name)),
      ...violationIf(name === "" && namespace === "" && !hasLabels, at, "name or labels are required"),
      ...violationIf(name === "" && namespace !== "", at, "name is required, when namespace is defined"),
      ...violationIf((name !== "" || namespace !== "") && hasLabels, field(path, "labels"),
        "labels cannot be defined when name is specified")
    ]
  })
}
