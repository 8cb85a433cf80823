// Whole control planes that judge by aws-iam over the emulated AWS, and tasks of this machine that come to their doors.
import { Context } from "effect"
import { afterEach, beforeAll } from "vitest"
import type { AuthConfig, AwsConfig } from "../../../../src/cp/config/ControlPlaneConfig.ts"
import type { DesiredResource } from "../../../../src/model/Resource.ts"
import { ResourceCache } from "../../../../src/cp/snapshot/ResourceCache.ts"
import { askBootstrap } from "../../server/askBootstrap.ts"
import { type BareStream, bareStream, type Variant } from "../../server/bareStream.ts"
import {
  type ControlPlane,
  type ControlPlaneOptions,
  dataplane,
  eventually,
  loopbackTls,
  mesh,
  startControlPlane,
  type Tls
} from "../../server/startControlPlane.ts"
import { useTestDatabases } from "../../store/testDatabases.ts"
import { authConfig, awsConfig, useEmulatedAws, type Workload, workload } from "./iamDoor.ts"
import { AUDIENCE } from "./signed.ts"
import { taskKey, taskOf } from "./taskOf.ts"

/** Where this machine's tasks are. */
export const HERE = "127.0.0.1"

export interface Change extends Partial<Pick<ControlPlaneOptions, "instanceId" | "loggers" | "store" | "tracer">> {
  readonly auth?: Partial<AuthConfig>
  readonly aws?: Partial<AwsConfig>
}

export interface IamControlPlanes {
  readonly tls: () => Tls
  readonly start: (change?: Change) => Promise<ControlPlane>
  readonly createStore: () => Promise<ControlPlaneOptions["store"]>
  /** An open ADS call; ended after the test. */
  readonly call: (controlPlane: ControlPlane, variant: Variant, lines?: ReadonlyArray<string>) => BareStream
  readonly ask: (
    controlPlane: ControlPlane,
    body: unknown,
    options?: Parameters<typeof askBootstrap>[3]
  ) => ReturnType<typeof askBootstrap>
}

/** The emulated AWS and Postgres of the file that calls it; what a test started ends with it. */
export const useIamControlPlanes = (): IamControlPlanes => {
  useEmulatedAws()
  const databases = useTestDatabases()
  let tls: Tls
  const cleanups: Array<() => Promise<unknown> | unknown> = []
  beforeAll(async () => { tls = await loopbackTls() })
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  })
  return {
    tls: () => tls,
    createStore: databases.create,
    start: async ({ auth, aws, store, ...others } = {}) => {
      const controlPlane = await startControlPlane({
        store: store ?? await databases.create(),
        tls,
        iam: { auth: authConfig(auth), aws: awsConfig(aws), audience: AUDIENCE },
        ...others
      })
      cleanups.push(controlPlane.stop)
      await controlPlane.put(mesh("default", false))
      return controlPlane
    },
    call: (controlPlane, variant, lines) => {
      const stream = bareStream(controlPlane, tls, variant, lines)
      cleanups.push(stream.close)
      return stream
    },
    ask: (controlPlane, body, options) => askBootstrap(controlPlane, tls, body, options)
  }
}

/** Puts what the operator would write of a running task, and waits until these control planes have seen it. */
export const register = async (task: Workload, ...seenBy: ReadonlyArray<ControlPlane>): Promise<void> => {
  const [writer] = seenBy
  const written: ReadonlyArray<DesiredResource> = [
    { ...taskKey(task.taskId), labels: {}, spec: taskOf(task.taskId, task.role, { address: HERE }) },
    dataplane(task.taskId, "demo-app", { address: HERE, port: 8_080 })
  ]
  for (const resource of written) await writer?.put(resource)
  for (const { services } of seenBy) {
    const cache = Context.get(services, ResourceCache)
    await eventually(() => written.every((resource) => cache.get(resource) !== undefined), (all) => all, 20_000)
  }
}

/** A registered task of this machine. */
export const runningTask = async (...seenBy: ReadonlyArray<ControlPlane>): Promise<Workload> => {
  const task = await workload()
  await register(task, ...seenBy)
  return { ...task, claim: { ...task.claim, peerAddress: HERE } }
}

/** Envoy's node of this task. */
export const nodeOf = ({ taskId }: Workload) => ({ id: `default.${taskId}`, cluster: "demo-app" })
