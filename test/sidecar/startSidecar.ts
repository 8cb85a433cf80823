import { freePort } from "../../localstack/process/freePort.ts"
import { type RunningProcess, startProcess } from "../../localstack/process/startProcess.ts"
import { toolPaths } from "../../localstack/tools.ts"
import { fileURLToPath } from "node:url"

const main = fileURLToPath(new URL("../../src/sidecar/main.ts", import.meta.url))

export interface TestSidecar extends RunningProcess {
  /** Status and text of `/ready`; null when nobody answers. */
  readonly ready: () => Promise<{ readonly status: number; readonly text: string } | null>
  readonly adminPort: number
}

export interface SidecarPorts {
  readonly readiness: number
  readonly admin: number
}

export const sidecarPorts = async (): Promise<SidecarPorts> => ({ readiness: await freePort(), admin: await freePort() })

/** The real program in a process of its own, with nothing of our environment but PATH. */
export const startSidecar = async (
  ports: SidecarPorts,
  env: Readonly<Record<string, string>>,
  args: ReadonlyArray<string> = []
): Promise<TestSidecar> => {
  const sidecar = await startProcess({
    command: process.execPath,
    args: [main, ...args],
    env: {
      PATH: process.env["PATH"] ?? "/usr/bin:/bin",
      ECS_MESH_BIND_ADDRESS: "127.0.0.1",
      ECS_MESH_ADMIN_PORT: String(ports.admin),
      KUMA_READINESS_PORT: String(ports.readiness),
      KUMA_DATAPLANE_NAME: "test",
      KUMA_DATAPLANE_RUNTIME_BINARY_PATH: toolPaths().envoy,
      KUMA_DATAPLANE_RUNTIME_CONCURRENCY: "1",
      KUMA_CONTROL_PLANE_RETRY_BACKOFF: "100ms",
      ECS_MESH_AUTH_TYPE: env["KUMA_DATAPLANE_RUNTIME_TOKEN"] === undefined ? "none" : "token",
      ...env
    }
  })
  const ready = async () => {
    try {
      const response = await fetch(`http://127.0.0.1:${ports.readiness}/ready`)
      return { status: response.status, text: (await response.text()).trim() }
    } catch {
      return null
    }
  }
  return { ...sidecar, ready, adminPort: ports.admin }
}
