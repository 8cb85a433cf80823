/** What Prometheus is told of one Dataplane, as Kuma's MADS has it. Pure. */
import { identifyingService, metricLabels } from "../../model/metricLabels.ts"
import { prometheusBackends } from "../../model/MeshMetric.ts"
import type { Policies } from "../../model/policies.ts"
import { prometheusMetrics } from "../../model/prometheusMetrics.ts"
import type { Resource } from "../../model/Resource.ts"
import { joinHostPort } from "../joinHostPort.ts"
import { metricConf } from "../xds/policies/MeshMetric.ts"

export const ASSIGNMENT_TYPE = "type.googleapis.com/kuma.observability.v1.MonitoringAssignment"

/**
 * Who is told. A Mesh's own metrics are everybody's; those of a MeshMetric are the named client's, or, without a name,
 * of whoever no MeshMetric names.
 */
export type Audience =
  | { readonly _tag: "Everybody" }
  | { readonly _tag: "Unnamed" }
  | { readonly _tag: "Client"; readonly id: string }

export interface Assignment {
  readonly audience: Audience
  /** `/meshes/<mesh>/dataplanes/<name>` */
  readonly name: string
  /** JSON of the MonitoringAssignment. */
  readonly json: string
}

interface Exposed {
  readonly port: number
  readonly path: string
  readonly isHttps: boolean
  readonly labels: Readonly<Record<string, string>>
}

const assignment = (dataplane: Resource<"Dataplane">, audience: Audience, exposed: Exposed): Assignment => {
  const { mesh, name, spec: { networking } } = dataplane
  const address = networking?.advertisedAddress || networking?.address || ""
  return {
    audience,
    name: `/meshes/${mesh}/dataplanes/${name}`,
    json: JSON.stringify({
      "@type": ASSIGNMENT_TYPE,
      mesh,
      service: identifyingService(dataplane.spec) ?? "unknown",
      targets: [{
        name,
        scheme: exposed.isHttps ? "https" : "http",
        address: joinHostPort(address, exposed.port),
        metrics_path: exposed.path,
        labels: exposed.labels
      }]
    })
  }
}

const EVERYBODY: Audience = { _tag: "Everybody" }
const UNNAMED: Audience = { _tag: "Unnamed" }

/** None where its metrics aren't served. A MeshMetric goes before the Mesh's own metrics. */
export const assignmentsOf = (
  mesh: Resource<"Mesh">,
  policies: Policies,
  dataplane: Resource<"Dataplane">
): ReadonlyArray<Assignment> => {
  const conf = metricConf(policies, dataplane)
  if (conf !== null) {
    return prometheusBackends(conf).map(({ clientId, path, port, tls }) =>
      assignment(dataplane, clientId === undefined ? UNNAMED : { _tag: "Client", id: clientId }, {
        port,
        path,
        isHttps: tls?.mode === "ProvidedTLS",
        // The proxy puts them on its metrics itself.
        labels: {}
      }))
  }
  const metrics = prometheusMetrics(mesh.spec, dataplane.spec)
  return metrics === null ? [] : [
    assignment(dataplane, EVERYBODY, {
      port: metrics.port,
      path: metrics.path,
      isHttps: metrics.tls === "Provided",
      labels: metricLabels(dataplane.spec)
    })
  ]
}
