/** The Mesh, and who may call whom in it: everybody. */
import { applyFile } from "../askKumactl.ts"
import { resource, type World } from "../World.ts"

/** The address of the workload whose app has figures of its own. */
export const APP_WITH_FIGURES = "127.0.0.12"

export const applyMesh = async ({ kumactl, ports }: World): Promise<void> => {
  await applyFile(kumactl, resource("mesh.yaml"), {
    metricsPort: ports.metrics,
    appAddress: APP_WITH_FIGURES,
    appPort: ports.app
  })
  await applyFile(kumactl, resource("permission.yaml"))
}
