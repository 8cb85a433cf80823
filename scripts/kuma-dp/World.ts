/** The mesh that is tried: a control plane, its database, apps, and the proxies that have entered. */
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { startDatabase } from "../../bench/mesh/Database.ts"
import type { Workplace } from "../../bench/mesh/runMeasurement.ts"
import { freePort } from "../../localstack/process/freePort.ts"
import type { Kumactl } from "../compare/runKumactl.ts"
import { App } from "./App.ts"
import type { Check } from "./Check.ts"
import { ControlPlane } from "./ControlPlane.ts"
import { Proxy, type ProxyPlan } from "./Proxy.ts"

export interface TryPlan {
  readonly kumaDp: string
  readonly kumactl: string
  /** null: the move from it isn't tried. */
  readonly kumaCp: string | null
  readonly envoy: string
  /** Where ecs-mesh's source is. */
  readonly tree: string
  /** How long calls go on after each event. */
  readonly seconds: number
  /** Where logs are left; null: they go. */
  readonly logs: string | null
}

export interface Ports {
  /** Where a workload's Envoy listens, and its app. */
  readonly inbound: number
  readonly app: number
  /** Where the caller's Envoy listens for calls of `backend`. */
  readonly outbound: number
  readonly metrics: number
}

interface MeshService {
  readonly status?: { readonly vips?: ReadonlyArray<{ readonly ip: string }> }
}

export type Tell = (check: Check) => void
export type Scene = (world: World, tell: Tell) => Promise<void>

/** A file in resources/. */
export const resource = (name: string): string => join(import.meta.dirname, "resources", name)

export class World {
  readonly plan: TryPlan
  readonly folder: string
  readonly store: Readonly<Record<string, string>>
  readonly controlPlane: ControlPlane
  readonly ports: Ports
  readonly kumactl: Kumactl
  readonly tokenFile: string
  readonly #part: Workplace<TryPlan>["part"]
  readonly #proxies = new Map<string, Proxy>()
  readonly #apps = new Map<string, App>()

  private constructor(
    { folder, part, plan }: Workplace<TryPlan>,
    store: Readonly<Record<string, string>>,
    controlPlane: ControlPlane,
    ports: Ports
  ) {
    this.plan = plan
    this.folder = folder
    this.store = store
    this.controlPlane = controlPlane
    this.ports = ports
    this.kumactl = { kumactl: plan.kumactl, folder }
    this.tokenFile = join(folder, "dataplane.token")
    this.#part = part
  }

  /** Nothing but the database runs yet. */
  static async build(workplace: Workplace<TryPlan>, name: string): Promise<World> {
    const { part, plan } = workplace
    const folder = join(workplace.folder, name)
    await mkdir(folder)
    const database = await part(startDatabase(join(folder, "database")), (started) => started.stop())
    const controlPlane = await part(
      ControlPlane.at(folder, plan.tree, database.environment),
      (made) => made.end("SIGTERM")
    )
    return new World({ ...workplace, folder }, database.environment, controlPlane, {
      inbound: await freePort(),
      app: await freePort(),
      outbound: await freePort(),
      metrics: await freePort()
    })
  }

  /** Starts what is to end with the world at the latest. */
  start<A>(started: Promise<A>, end: (started: A) => unknown): Promise<A> {
    return this.#part(started, end)
  }

  async enter(plan: ProxyPlan): Promise<Proxy> {
    const proxy = await this.start(
      Proxy.start(plan, {
        kumaDp: this.plan.kumaDp,
        envoy: this.plan.envoy,
        folder: this.folder,
        controlPlane: this.controlPlane
      }),
      (started) => started.end()
    )
    this.#proxies.set(plan.name, proxy)
    return proxy
  }

  /** An app and the proxy beside it. */
  async enterApp(
    name: string,
    address: string,
    service: string,
    more: Partial<Pick<ProxyPlan, "args" | "env" | "template">> = {}
  ): Promise<Proxy> {
    const app = new App(name, address, this.ports.app)
    await this.start(app.start(), () => app.end())
    this.#apps.set(name, app)
    const variables = { service, port: this.ports.inbound, appPort: this.ports.app, outbound: this.ports.outbound }
    const token = this.tokenFile
    return this.enter({ name, address, type: "dataplane", template: "app.yaml", token, variables, ...more })
  }

  proxy(name: string): Proxy {
    const found = this.#proxies.get(name)
    if (found === undefined) throw new Error(`${name} hasn't entered`)
    return found
  }

  app(name: string): App {
    const found = this.#apps.get(name)
    if (found === undefined) throw new Error(`${name} has no app`)
    return found
  }

  /** Those that run. */
  proxies(): ReadonlyArray<Proxy> {
    return [...this.#proxies.values()]
  }

  /** It has ended. */
  forget(proxy: Proxy): void {
    this.#proxies.delete(proxy.name)
  }

  /** Where the caller's app calls `backend` by its tag. */
  byTag(): string {
    return `http://${this.proxy("front").address}:${this.ports.outbound}/`
  }

  /** Where it calls a service by its address. */
  async byAddress(service: string): Promise<string> {
    const answer = await fetch(`${this.controlPlane.api}/meshes/default/meshservices/${service}`)
    const { status } = await answer.json() as MeshService
    const ip = status?.vips?.[0]?.ip
    if (ip === undefined) throw new Error(`${service} has no address yet`)
    return `http://${ip}:${this.ports.inbound}/`
  }
}
