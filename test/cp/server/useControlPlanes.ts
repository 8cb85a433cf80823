/** The control planes of a test file, each on a database of its own; they end with the test that started them. */
import { Context } from "effect"
import type { StoreConfig } from "../../../src/cp/config/ControlPlaneConfig.ts"
import { ResourceCache } from "../../../src/cp/snapshot/ResourceCache.ts"
import type { DesiredResource } from "../../../src/model/Resource.ts"
import { type Cleanups, useCleanups } from "../../support/useCleanups.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import {
  type ControlPlane, type ControlPlaneOptions, eventually, loopbackTls, startControlPlane, type Tls
} from "./startControlPlane.ts"

export interface ControlPlanes {
  readonly start: (options?: Partial<ControlPlaneOptions>) => Promise<ControlPlane>
  readonly createStore: () => Promise<StoreConfig>
  readonly tls: Tls
  readonly cleanups: Cleanups
}

/** `resources`: what is put into each at its start, and known to it then. */
export const useControlPlanes = async (...resources: ReadonlyArray<DesiredResource>): Promise<ControlPlanes> => {
  const databases = useTestDatabases()
  const cleanups = useCleanups()
  const tls = await loopbackTls()
  return {
    tls,
    cleanups,
    createStore: databases.create,
    start: async (options = {}) => {
      const controlPlane = await startControlPlane({ store: options.store ?? await databases.create(), tls, ...options })
      cleanups.push(controlPlane.stop)
      for (const resource of resources) await controlPlane.put(resource)
      // Who asks before the cache heard of them is told that they aren't there.
      const cache = Context.get(controlPlane.services, ResourceCache)
      await eventually(() => resources.every((one) => cache.get(one) !== undefined), (areKnown) => areKnown)
      return controlPlane
    }
  }
}
