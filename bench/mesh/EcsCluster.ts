/**
 * An emulated ECS with tasks of one service, whose containers nobody runs: their agent's reports are made here. The
 * operator's calls go through a tap, which knows when the queue handed out which event.
 */
import {
  CreateClusterCommand,
  DescribeTasksCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  StopTaskCommand,
  SubmitContainerStateChangeCommand,
  SubmitTaskStateChangeCommand
} from "@aws-sdk/client-ecs"
import { IAMClient } from "@aws-sdk/client-iam"
import { createOperator, createRole } from "../../localstack/demo/seedDemo.ts"
import { networkConfiguration } from "../../localstack/demo/Demo.ts"
import { untilEventsFlow } from "../../localstack/demo/untilEventsFlow.ts"
import { type Emulator, startMinistack } from "../../localstack/ministack/startMinistack.ts"
import { waitFor } from "../../localstack/process/waitFor.ts"
import { type AwsTap, openAwsTap, type SeenEvent } from "../tasks/AwsTap.ts"
import type { Part } from "./runMeasurement.ts"

const cluster = "bench"
/** The operator's own default for the zone `default`. */
const QUEUE = "ecs-mesh-default"
/** ECS's limits of one call. */
const RUN_AT_ONCE = 10
const DESCRIBE_AT_ONCE = 100

const CONTAINERS = ["app", "sidecar"]

export const ECS_SERVICE = "ecs"

const idOf = (arn: string): string => arn.slice(arn.lastIndexOf("/") + 1)

export class EcsCluster {
  /** What tells an operator to look after it. */
  readonly environment: Readonly<Record<string, string>>
  readonly #emulator: Emulator
  readonly #tap: AwsTap
  readonly #ecs: ECSClient
  readonly #definition: string

  private constructor(
    emulator: Emulator,
    tap: AwsTap,
    ecs: ECSClient,
    definition: string,
    keys: { readonly accessKeyId: string; readonly secretAccessKey: string }
  ) {
    this.#emulator = emulator
    this.#tap = tap
    this.#ecs = ecs
    this.#definition = definition
    this.environment = {
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_REGION: emulator.region,
      AWS_ENDPOINT_URL: tap.endpoint,
      KMESH_AWSIAM_AUTHORIZEDACCOUNTIDS: emulator.accountId,
      ECS_MESH_CLUSTERS: cluster
    }
  }

  static async start(part: Part, logFile: string): Promise<EcsCluster> {
    const emulator = await part(startMinistack({ logFile }), ({ stop }) => stop())
    const tap = await part(openAwsTap(emulator.endpoint), ({ stop }) => stop())
    const { credentials, endpoint, region } = emulator
    const ecs = new ECSClient({ endpoint, region, credentials })
    await part(Promise.resolve(ecs), (client) => client.destroy())
    const iam = new IAMClient({ endpoint, region, credentials })
    try {
      await ecs.send(new CreateClusterCommand({ clusterName: cluster }))
      const keys = await createOperator(iam)
      const taskRoleArn = await createRole(iam, "bench-ecs", {
        "kuma.io/type": "dataplane",
        "kuma.io/mesh": "default",
        "kuma.io/service": ECS_SERVICE
      })
      const { taskDefinition } = await ecs.send(
        new RegisterTaskDefinitionCommand({
          family: ECS_SERVICE,
          taskRoleArn,
          networkMode: "awsvpc",
          requiresCompatibilities: ["FARGATE"],
          cpu: "256",
          memory: "512",
          containerDefinitions: [
            { name: "app", image: "app", portMappings: [{ containerPort: 8080, appProtocol: "http", name: "app" }] },
            { name: "sidecar", image: "ecs-mesh-sidecar:1", command: ["sidecar"] }
          ]
        })
      )
      return new EcsCluster(emulator, tap, ecs, taskDefinition?.taskDefinitionArn ?? "", keys)
    } finally {
      iam.destroy()
    }
  }

  /** Once the operator runs. */
  async untilEventsFlow(): Promise<void> {
    await untilEventsFlow(this.#emulator, QUEUE)
  }

  /** Ids of so many new tasks, all running. */
  async run(count: number): Promise<ReadonlyArray<string>> {
    const arns: Array<string> = []
    while (arns.length < count) {
      const { tasks = [] } = await this.#ecs.send(
        new RunTaskCommand({
          cluster,
          taskDefinition: this.#definition,
          launchType: "FARGATE",
          count: Math.min(RUN_AT_ONCE, count - arns.length),
          networkConfiguration
        })
      )
      arns.push(...tasks.flatMap(({ taskArn }) => taskArn ?? []))
    }
    await waitFor("the tasks to be PENDING", async () => {
      for (let from = 0; from < arns.length; from += DESCRIBE_AT_ONCE) {
        const { tasks = [] } = await this.#ecs.send(
          new DescribeTasksCommand({ cluster, tasks: arns.slice(from, from + DESCRIBE_AT_ONCE) })
        )
        if (tasks.some(({ lastStatus }) => lastStatus !== "PENDING")) return undefined
      }
      return true
    }, { withinMillis: 60_000 })
    for (const arn of arns) await this.#report(arn, "RUNNING")
    return arns.map(idOf)
  }

  /** Asks ECS to stop it; gives its event once the queue has handed it out. */
  async stop(task: string): Promise<SeenEvent> {
    await this.#ecs.send(new StopTaskCommand({ cluster, task }))
    return waitFor("the stop event", () =>
      this.#tap.events.findLast(({ desiredStatus, lastStatus, taskId }) =>
        taskId === task && desiredStatus === "STOPPED" && lastStatus === "RUNNING"
      ), { withinMillis: 60_000, everyMillis: 20 })
  }

  /** Its containers have ended. */
  async end(task: string): Promise<void> {
    await this.#report(task, "STOPPED")
  }

  /** How often tasks were described for the operator, and how many milliseconds the emulator took for it. */
  described(): { readonly calls: number; readonly millis: number } {
    const operation = "ECS:DescribeTasks"
    return { calls: this.#tap.calls.get(operation) ?? 0, millis: this.#tap.waits.get(operation) ?? 0 }
  }

  async #report(task: string, status: "RUNNING" | "STOPPED"): Promise<void> {
    for (const containerName of CONTAINERS) {
      await this.#ecs.send(new SubmitContainerStateChangeCommand({ cluster, task, containerName, status }))
    }
    await this.#ecs.send(new SubmitTaskStateChangeCommand({ cluster, task, status }))
  }
}
