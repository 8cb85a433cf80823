/**
 * An Envoy that reads this room's resources from files instead of a control plane: what says "over ADS" is turned to
 * a file, nothing else is changed. A file that is replaced takes effect as a new response would.
 */
import { mkdirSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { RenderedSnapshot } from "../../../src/cp/xds/renderSnapshot.ts"

/** One file each; of secrets, and of assignments, Envoy takes only one from a file. */
type Part = "listeners" | "routes" | "clusters" | "endpoints" | "identity" | "ca"

const TYPES: Readonly<Record<Part, string>> = {
  listeners: "envoy.config.listener.v3.Listener",
  routes: "envoy.config.route.v3.RouteConfiguration",
  clusters: "envoy.config.cluster.v3.Cluster",
  endpoints: "envoy.config.endpoint.v3.ClusterLoadAssignment",
  identity: "envoy.extensions.transport_sockets.tls.v3.Secret",
  ca: "envoy.extensions.transport_sockets.tls.v3.Secret"
}

/** Which field holds a reference, and which file then answers it. */
const REFERENCES: Readonly<Record<string, Part>> = {
  rds: "routes",
  edsClusterConfig: "endpoints",
  tlsCertificateSdsSecretConfigs: "identity",
  validationContextSdsSecretConfig: "ca"
}

export interface CertificateFiles {
  readonly certificatePem: string
  readonly privateKeyPem: string
  readonly caPem: string
}

/** `cluster`: whose assignment it is. */
const fileOf = (folder: string, part: Part, cluster = ""): string =>
  join(folder, part === "endpoints" ? `endpoints-${Buffer.from(cluster).toString("hex")}.json` : `${part}.json`)

const source = (folder: string, part: Part, cluster?: string) => ({
  resourceApiVersion: "V3",
  pathConfigSource: { path: fileOf(folder, part, cluster) }
})

const nameOf = (resource: unknown): string =>
  typeof resource === "object" && resource !== null && "name" in resource ? String(resource.name) : ""

const fromFiles = (folder: string, value: unknown, cluster: string, part?: Part): unknown => {
  if (Array.isArray(value)) return value.map((item) => fromFiles(folder, item, cluster, part))
  if (typeof value !== "object" || value === null) return value
  if ("ads" in value && part !== undefined) return source(folder, part, cluster)
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, fromFiles(folder, inner, cluster, REFERENCES[key] ?? part)])
  )
}

const put = (folder: string, part: Part, resources: ReadonlyArray<unknown>, cluster?: string): void => {
  const typed = resources.map((resource) => ({
    "@type": `type.googleapis.com/${TYPES[part]}`,
    ...(fromFiles(folder, resource, nameOf(resource)) as object)
  }))
  const file = fileOf(folder, part, cluster)
  writeFileSync(`${file}.new`, JSON.stringify({ resources: typed }))
  // Envoy looks for files that are moved into place.
  renameSync(`${file}.new`, file)
}

/** The mesh's two secrets, of which a rendered snapshot never holds more than the names. */
export const putSecrets = (folder: string, mesh: string, files: CertificateFiles): void => {
  mkdirSync(folder, { recursive: true })
  const text = (inlineString: string) => ({ inlineString })
  put(folder, "identity", [{
    name: `identity_cert:secret:${mesh}`,
    tlsCertificate: { certificateChain: text(files.certificatePem), privateKey: text(files.privateKeyPem) }
  }])
  put(folder, "ca", [{
    name: `mesh_ca:secret:${mesh}`,
    validationContext: { trustedCa: text(files.caPem) }
  }])
}

/** In the order in which Envoy needs them. */
export const putResources = (folder: string, rendered: RenderedSnapshot): void => {
  mkdirSync(folder, { recursive: true })
  for (const one of rendered.endpoints) put(folder, "endpoints", [one], (one as { readonly clusterName: string }).clusterName)
  for (const part of ["clusters", "routes", "listeners"] as const) put(folder, part, rendered[part])
}

export const bootstrapOf = (folder: string, id: string, adminPort: number, metadata: object = {}): string =>
  JSON.stringify({
    node: { id, cluster: id, metadata },
    admin: { address: { socketAddress: { address: "127.0.0.1", portValue: adminPort } } },
    dynamicResources: { cdsConfig: source(folder, "clusters"), ldsConfig: source(folder, "listeners") }
  })
