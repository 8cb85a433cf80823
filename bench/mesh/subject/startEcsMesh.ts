/**
 * Our control plane in zone mode: by itself, for proxies with dataplane tokens, or with the operator, where more of its
 * environment is given.
 */
import { join } from "node:path"
import { freePort } from "../../../localstack/process/freePort.ts"
import { startProcess } from "../../../localstack/process/startProcess.ts"
import { waitForHttp } from "../../../localstack/process/waitFor.ts"
import { Inspector } from "./Inspector.ts"
import type { Subject, SubjectOptions } from "./Subject.ts"

export const startEcsMesh = async (
  { folder, inspect, ports, settings, store, tree }: SubjectOptions,
  operator: Readonly<Record<string, string>> | null = null
): Promise<Subject> => {
  const { api, dataplaneServer } = ports ?? { dataplaneServer: await freePort(), api: await freePort() }
  const [diagnostics, inspector] = [await freePort(), await freePort()]
  const started = await startProcess({
    // As users start it, with the settings of Node that it has there.
    command: join(tree, "bin", "ecs-mesh"),
    args: ["serve", ...(operator === null ? ["--without-aws"] : [])],
    cwd: tree,
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      ...(inspect ? { NODE_OPTIONS: `--inspect=127.0.0.1:${inspector}` } : {}),
      KUMA_GENERAL_WORK_DIR: join(folder, "control-plane"),
      ECS_MESH_DP_SERVER_ADDRESS: "127.0.0.1",
      KUMA_DP_SERVER_PORT: String(dataplaneServer),
      KUMA_API_SERVER_HTTP_INTERFACE: "127.0.0.1",
      KUMA_API_SERVER_HTTP_PORT: String(api),
      ECS_MESH_MONITORING_ASSIGNMENT_SERVER_ADDRESS: "127.0.0.1",
      KUMA_MONITORING_ASSIGNMENT_SERVER_PORT: "0",
      KUMA_API_SERVER_HTTPS_ENABLED: "false",
      ECS_MESH_DIAGNOSTICS_ADDRESS: "127.0.0.1",
      KUMA_DIAGNOSTICS_SERVER_PORT: String(diagnostics),
      ...store,
      ...settings,
      ...operator
    },
    logFile: join(folder, "ecs-mesh.log")
  })
  try {
    await waitForHttp(`http://127.0.0.1:${diagnostics}/ready`, started, 60_000)
    return {
      name: "ecs-mesh",
      process: started,
      dataplaneServer: { host: "127.0.0.1", port: dataplaneServer },
      api: `http://127.0.0.1:${api}`,
      inspector: inspect ? await Inspector.open(inspector) : null
    }
  } catch (error) {
    await started.stop(0)
    throw error
  }
}
