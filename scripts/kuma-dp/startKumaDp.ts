/** A real kuma-dp with a real Envoy: a resource as a template, its variables, a token's file. */
import { join } from "node:path"
import { type RunningProcess, startProcess } from "../../localstack/process/startProcess.ts"

export const PROXY_TYPES = ["dataplane", "ingress", "egress"] as const
export type ProxyType = typeof PROXY_TYPES[number]

export interface KumaDp {
  /** Of the executables. */
  readonly kumaDp: string
  readonly envoy: string
  /** For its work dir and its log, `<name>.log`. */
  readonly folder: string
  /** Of the process alone: the resource's stands in its template. */
  readonly name: string
  readonly type: ProxyType
  readonly controlPlane: {
    readonly dataplaneServer: { readonly host: string; readonly port: number }
    /** The file of what it is verified by. */
    readonly authority: string
  }
  /** Its file, and what stands for its `{{ variables }}`. */
  readonly template: string
  readonly variables: Readonly<Record<string, string>>
  /** The token's file. */
  readonly token: string
  /** Of its host, where kuma-dp says whether it is ready; each one on a host needs its own. */
  readonly readinessPort: number
  readonly args?: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
}

/** Stopped by SIGTERM it drains; it is connected some time after this. */
export const startKumaDp = (dp: KumaDp): Promise<RunningProcess> => {
  const { authority, dataplaneServer: { host, port } } = dp.controlPlane
  return startProcess({
    command: dp.kumaDp,
    args: [
      "run",
      `--proxy-type=${dp.type}`,
      `--cp-address=https://${host}:${port}`,
      `--ca-cert-file=${authority}`,
      `--dataplane-file=${dp.template}`,
      ...Object.entries(dp.variables).map(([name, value]) => `--dataplane-var=${name}=${value}`),
      `--dataplane-token-file=${dp.token}`,
      `--binary-path=${dp.envoy}`,
      `--work-dir=${join(dp.folder, dp.name)}`,
      "--dns-enabled=false",
      "--concurrency=1",
      ...dp.args ?? []
    ],
    env: {
      PATH: process.env["PATH"],
      HOME: dp.folder,
      KUMA_READINESS_PORT: String(dp.readinessPort),
      ...dp.env
    },
    logFile: join(dp.folder, `${dp.name}.log`)
  })
}
