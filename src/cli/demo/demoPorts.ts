/** The ports of a demo: the usual ones, or free ones where somebody has them, which is said. */
import { createServer } from "node:net"
import { freePort } from "../../../localstack/process/freePort.ts"

export interface DemoPorts {
  readonly dataplaneServer: number
  readonly api: number
  readonly diagnostics: number
  readonly monitoring: number
  readonly loadBalancer: number
}

const WHAT: Readonly<Record<keyof DemoPorts, string>> = {
  dataplaneServer: "the proxies' server",
  api: "the API",
  diagnostics: "diagnostics",
  monitoring: "Prometheus' kuma_sd",
  loadBalancer: "the load balancer"
}

const USUAL: DemoPorts = { dataplaneServer: 5678, api: 5681, diagnostics: 5680, monitoring: 5676, loadBalancer: 8080 }

/** The usual port, or a free one where somebody has it. */
const portOr = (usual: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once("error", () => freePort().then(resolve, reject))
    probe.listen(usual, "127.0.0.1", () => probe.close(() => resolve(usual)))
  })

/** Asks for each in turn. */
const portsBy = async (portOf: (name: keyof DemoPorts) => Promise<number>): Promise<DemoPorts> => ({
  dataplaneServer: await portOf("dataplaneServer"),
  api: await portOf("api"),
  diagnostics: await portOf("diagnostics"),
  monitoring: await portOf("monitoring"),
  loadBalancer: await portOf("loadBalancer")
})

/** Whoever goes by the usual ports would reach somebody else's: where one is taken, `log` is told what is used. */
export const demoPorts = (log: (line: string) => void, usual: DemoPorts = USUAL): Promise<DemoPorts> =>
  portsBy(async (name) => {
    const port = await portOr(usual[name])
    if (port !== usual[name]) log(`  port ${usual[name]} is in use: ${WHAT[name]} is on ${port}`)
    return port
  })

/** Whatever ports are free, so that several worlds that start together don't take each other's. */
export const freePorts = (): Promise<DemoPorts> => portsBy(() => freePort())
