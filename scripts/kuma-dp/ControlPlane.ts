/** Our control plane, which ends and comes back at the same ports, over the same database. */
import { join } from "node:path"
import { startEcsMesh } from "../../bench/mesh/subject/startEcsMesh.ts"
import type { Subject, SubjectPorts } from "../../bench/mesh/subject/Subject.ts"
import { freePort } from "../../localstack/process/freePort.ts"
import type { Exit } from "../../localstack/process/startProcess.ts"

type Environment = Readonly<Record<string, string>>

const SETTINGS: Environment = {
  ECS_MESH_ACCESS_LOG: "/dev/stdout",
  // Addresses of services are loopback's, too: a caller's Envoy binds them.
  KUMA_IPAM_MESH_SERVICE_CIDR: "127.4.0.0/16",
  KUMA_IPAM_MESH_EXTERNAL_SERVICE_CIDR: "127.3.0.0/16",
  KUMA_IPAM_MESH_MULTI_ZONE_SERVICE_CIDR: "127.2.0.0/16"
}

const GRACE_MILLIS = 15_000

export class ControlPlane {
  readonly #folder: string
  readonly #tree: string
  readonly #store: Environment
  readonly #ports: SubjectPorts
  #running: Subject | null = null

  private constructor(folder: string, tree: string, store: Environment, ports: SubjectPorts) {
    this.#folder = folder
    this.#tree = tree
    this.#store = store
    this.#ports = ports
  }

  static async at(folder: string, tree: string, store: Environment): Promise<ControlPlane> {
    return new ControlPlane(folder, tree, store, { dataplaneServer: await freePort(), api: await freePort() })
  }

  get api(): string {
    return `http://127.0.0.1:${this.#ports.api}`
  }

  /** What proxies dial. */
  get dataplaneServer(): Subject["dataplaneServer"] {
    return { host: "127.0.0.1", port: this.#ports.dataplaneServer }
  }

  /** The file of what they verify it by. */
  get authority(): string {
    return join(this.#folder, "control-plane", "tls", "ca.crt")
  }

  async start(settings: Environment = {}): Promise<void> {
    this.#running = await startEcsMesh({
      folder: this.#folder,
      store: this.#store,
      inspect: false,
      tree: this.#tree,
      ports: this.#ports,
      settings: { ...SETTINGS, ...settings }
    })
  }

  async end(signal: "SIGTERM" | "SIGKILL"): Promise<Exit> {
    if (this.#running === null) return { code: null, signal: null }
    const { process } = this.#running
    this.#running = null
    if (signal === "SIGTERM") return process.stop(GRACE_MILLIS)
    process.signal(signal)
    return process.exited
  }

  /** What it logged since it was last started. */
  log(): string {
    return this.#running?.process.output() ?? ""
  }
}
