/** What a mesh's MeshMetrics say together of one proxy. Whoever the same policies are about gets the same object. */
import type { MetricConf } from "../../../model/MeshMetric.ts"
import type { Policies } from "../../../model/policies.ts"
import type { Resource } from "../../../model/Resource.ts"
import { onceFor } from "../share/onceFor.ts"
import { merged } from "./mergePatch.ts"
import { selectionsOf } from "./Selections.ts"

const selections = selectionsOf("MeshMetric")

const together = onceFor((selected: ReadonlyArray<Resource<"MeshMetric">>): { readonly conf: MetricConf | null } => ({
  conf: merged(selected.flatMap(({ spec }) => spec.default ?? []))
}))

/** Null where none names a backend: then the Mesh's own metrics hold. */
export const metricConf = (policies: Policies, dataplane: Resource<"Dataplane">): MetricConf | null => {
  const { conf } = together(selections(policies).dataplane(dataplane))
  return conf === null || (conf.backends ?? []).length === 0 ? null : conf
}
