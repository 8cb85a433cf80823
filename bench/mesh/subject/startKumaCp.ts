/**
 * Kuma's control plane in zone mode with its default settings, over Postgres. It binds every address, so it is only
 * started where there are none but loopback's: in a network namespace of its own.
 */
import { networkInterfaces } from "node:os"
import { join } from "node:path"
import { startProcess } from "../../../localstack/process/startProcess.ts"
import { waitForHttp } from "../../../localstack/process/waitFor.ts"
import type { Subject, SubjectOptions } from "./Subject.ts"

export const startKumaCp = async (binary: string, { folder, store }: SubjectOptions): Promise<Subject> => {
  if (Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ internal }) => !internal))) {
    throw new Error("kuma-cp binds every address: it is only started in a network namespace that has loopback alone")
  }
  const env = {
    PATH: process.env["PATH"],
    HOME: folder,
    KUMA_MODE: "zone",
    KUMA_MULTIZONE_ZONE_NAME: "default",
    KUMA_ENVIRONMENT: "universal",
    // Otherwise it looks for an address other than loopback.
    KUMA_INTER_CP_CATALOG_INSTANCE_ADDRESS: "127.0.0.1",
    KUMA_GENERAL_WORK_DIR: join(folder, "kuma"),
    ...store
  }
  const logFile = join(folder, "kuma-cp.log")
  const migration = await startProcess({ command: binary, args: ["migrate", "up"], env, logFile })
  const { code } = await migration.exited
  if (code !== 0) throw new Error(`kuma-cp migrate up ended with ${code}:\n${migration.output()}`)
  const started = await startProcess({ command: binary, args: ["run"], env, logFile })
  try {
    await waitForHttp("http://127.0.0.1:5680/ready", started, 60_000)
    await waitForHttp("http://127.0.0.1:5681/meshes/default", started, 60_000)
    return {
      name: "kuma-cp",
      process: started,
      dataplaneServer: { host: "127.0.0.1", port: 5678 },
      api: "http://127.0.0.1:5681",
      inspector: null
    }
  } catch (error) {
    await started.stop(0)
    throw error
  }
}
