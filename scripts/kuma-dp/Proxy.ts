/** A real kuma-dp with a real Envoy, and what its Envoy says of itself. */
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { freePort } from "../../localstack/process/freePort.ts"
import type { Exit, RunningProcess } from "../../localstack/process/startProcess.ts"
import { parseYaml } from "../../src/model/parseYaml.ts"
import { isObject } from "../compare/readAnswer.ts"
import { countersOf } from "./judgeCounters.ts"
import { type KumaDp, startKumaDp } from "./startKumaDp.ts"

export interface ProxyPlan extends Pick<KumaDp, "args" | "env" | "name" | "token" | "type"> {
  readonly address: string
  /** A template in resources/. */
  readonly template: string
  /** What the template names beside the name, the address and the port of Envoy's admin. */
  readonly variables: Readonly<Record<string, string | number>>
}

const LIMIT_MILLIS = 3_000
/** Kuma's is 30 s. Who drains fails its Envoy's own health check, which is reported within 5 s. */
const DRAIN_SECONDS = 12

const ask = (url: string): Promise<Response> => fetch(url, { signal: AbortSignal.timeout(LIMIT_MILLIS) })

export const statusOf = async (url: string): Promise<number> => {
  const answer = await ask(url)
  await answer.body?.cancel()
  return answer.status
}

interface Clusters {
  readonly cluster_statuses: ReadonlyArray<{
    readonly host_statuses?: ReadonlyArray<{
      readonly address: { readonly socket_address?: { readonly address: string } }
    }>
  }>
}

export class Proxy {
  readonly name: string
  readonly address: string
  /** Envoy's own admin, which only its task reaches. */
  readonly #admin: string
  /** What others reach of it. */
  readonly outside: string
  readonly readiness: string
  readonly logFile: string
  readonly #bootstrapFile: string
  readonly #process: RunningProcess

  private constructor(
    name: string,
    address: string,
    ports: { readonly admin: number; readonly readiness: number },
    folder: string,
    process: RunningProcess
  ) {
    this.name = name
    this.address = address
    this.#admin = `http://127.0.0.1:${ports.admin}`
    this.outside = `http://${address}:${ports.admin}`
    this.readiness = `http://127.0.0.1:${ports.readiness}/ready`
    this.logFile = join(folder, `${name}.log`)
    this.#bootstrapFile = join(folder, name, "bootstrap.yaml")
    this.#process = process
  }

  static async start(
    { address, env, template, variables, ...plan }: ProxyPlan,
    setting: Pick<KumaDp, "controlPlane" | "envoy" | "folder" | "kumaDp">
  ): Promise<Proxy> {
    const [admin, readinessPort] = [await freePort(), await freePort()]
    const given = { mesh: "default", ...variables, name: plan.name, address, admin }
    const process = await startKumaDp({
      ...setting,
      ...plan,
      template: join(import.meta.dirname, "resources", template),
      variables: Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)])),
      readinessPort,
      env: { KUMA_DATAPLANE_DRAIN_TIME: `${DRAIN_SECONDS}s`, ...env }
    })
    return new Proxy(plan.name, address, { admin, readiness: readinessPort }, setting.folder, process)
  }

  /** `name: value` lines of those that match the filter. */
  async statistics(filter: string): Promise<string> {
    return (await ask(`${this.#admin}/stats?filter=${encodeURIComponent(filter)}`)).text()
  }

  /** Whether its stream of configuration stands. */
  async isConnected(): Promise<boolean> {
    const name = /^control_plane\.connected_state$/
    return countersOf(await this.statistics("connected_state"), name).some(({ value }) => value === 1)
  }

  /** Addresses that it sends calls to. */
  async endpoints(): Promise<ReadonlyArray<string>> {
    const { cluster_statuses } = await (await ask(`${this.#admin}/clusters?format=json`)).json() as Clusters
    return cluster_statuses.flatMap(({ host_statuses = [] }) =>
      host_statuses.flatMap(({ address }) => address.socket_address?.address ?? []))
  }

  async envoyAnswers(): Promise<boolean> {
    return statusOf(`${this.#admin}/server_info`).then((status) => status === 200, () => false)
  }

  /** The variant of ADS that it was told to speak: `GRPC` or `DELTA_GRPC`; undefined where it was told nothing. */
  async variant(): Promise<unknown> {
    const parsed = parseYaml(await readFile(this.#bootstrapFile, "utf8").catch(() => ""))
    const bootstrap = "values" in parsed ? parsed.values[0] : undefined
    const resources = isObject(bootstrap) ? bootstrap["dynamicResources"] : undefined
    const ads = isObject(resources) ? resources["adsConfig"] : undefined
    return isObject(ads) ? ads["apiType"] : undefined
  }

  /** Asks it to end, as a container's runtime does: kuma-dp alone. */
  async drain(): Promise<Exit> {
    process.kill(this.#process.pid, "SIGTERM")
    return this.#process.exited
  }

  /** Ends it at once. */
  async end(): Promise<void> {
    await this.#process.stop(0)
  }
}
