/** The sockets by which kuma-dp and its Envoy find each other. Both must name them alike. Pure. */
import { withoutTrailingSlashes } from "../../model/withoutTrailingSlashes.ts"

/** What a socket's path may hold, as kuma-dp counts. */
const MAX_PATH = 98

const socket = (workdir: string, name: string): string =>
  `${`${withoutTrailingSlashes(workdir)}/${name}`.slice(0, MAX_PATH)}.sock`

/** Where kuma-dp serves its own, its Envoy's and its workload's metrics. */
export const metricsSocket = (workdir: string, mesh: string, name: string): string =>
  socket(workdir, `kuma-mh-${name}-${mesh}`)

/** Where kuma-dp takes lines of access logs, and carries them where each says. */
export const accessLogSocket = (workdir: string, mesh: string, name: string): string =>
  socket(workdir, `kuma-al-${name}-${mesh}`)

/** Where Envoy tells kuma-dp what is to be served. */
export const dynamicConfigSocket = (workdir: string): string => socket(workdir, "kuma-mesh-metric-config")
