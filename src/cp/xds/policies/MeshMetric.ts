/** What a mesh's MeshMetrics say together of one proxy. Whoever the same policies are about gets the same object. */
import type { MetricConf } from "../../../model/MeshMetric.ts"
import type { Policies } from "../../../model/policies.ts"
import type { Resource } from "../../../model/Resource.ts"
import { onceFor } from "../share/onceFor.ts"
import { merged } from "./mergePatch.ts"
import { selectionsOf } from "./Selections.ts"

const selections = selectionsOf("MeshMetric")

/** Lists replace each other, but for this one, whose name says so. */
const withAllProfiles = (conf: MetricConf, confs: ReadonlyArray<MetricConf>): MetricConf => {
  const appendProfiles = confs.flatMap(({ sidecar }) => sidecar?.profiles?.appendProfiles ?? [])
  return appendProfiles.length === 0 ? conf : {
    ...conf,
    sidecar: { ...conf.sidecar, profiles: { ...conf.sidecar?.profiles, appendProfiles } }
  }
}

const together = onceFor((selected: ReadonlyArray<Resource<"MeshMetric">>): { readonly conf: MetricConf | null } => {
  const confs = selected.flatMap(({ spec }) => spec.default ?? [])
  const conf = merged(confs)
  return { conf: conf === null ? null : withAllProfiles(conf, confs) }
})

/** Null where none names a backend: then the Mesh's own metrics hold. */
export const metricConf = (policies: Policies, dataplane: Resource<"Dataplane">): MetricConf | null => {
  const { conf } = together(selections(policies).dataplane(dataplane))
  return conf === null || (conf.backends ?? []).length === 0 ? null : conf
}
