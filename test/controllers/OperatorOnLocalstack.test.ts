import { CloudWatchEventsClient, PutEventsCommand } from "@aws-sdk/client-cloudwatch-events"
import {
  CreateClusterCommand,
  DescribeTasksCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  StopTaskCommand
} from "@aws-sdk/client-ecs"
import { CreateRoleCommand, IAMClient, TagRoleCommand } from "@aws-sdk/client-iam"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { afterAll, beforeAll } from "vitest"
import { operate } from "../../src/controllers/Operator.ts"
import { Journal } from "../../src/model/Journal.ts"
import { Store } from "../../src/model/Store.ts"
import { emptyMesh, openStore, useTestDatabases } from "../cp/store/testDatabases.ts"
import { localstackSubnet } from "../support/localstackSubnet.ts"
import { startLocalstack } from "../support/startLocalstack.ts"
import { testAwsConfig } from "./aws/testAwsConfig.ts"

const databases = useTestDatabases()
let localstack: Awaited<ReturnType<typeof startLocalstack>> | undefined

beforeAll(async () => {
  localstack = await startLocalstack()
  process.env["AWS_ACCESS_KEY_ID"] = localstack.credentials.accessKeyId
  process.env["AWS_SECRET_ACCESS_KEY"] = localstack.credentials.secretAccessKey
}, 90_000)
afterAll(() => localstack?.stop())

const cluster = "demo"
const phaseOf = (store: Store["Service"], name: string) =>
  store.get({ type: "EcsTask", mesh: "", name }).pipe(
    Effect.map(({ spec }) => spec.phase),
    Effect.catchTag("NotFound", () => Effect.succeed(null))
  )

const untilPhase = (store: Store["Service"], name: string, wanted: string | null) =>
  phaseOf(store, name).pipe(
    Effect.repeat({ until: (phase) => phase === wanted, schedule: Schedule.spaced("50 millis") }),
    Effect.timeoutOrElse({
      duration: "40 seconds",
      orElse: () => Effect.die(new Error(`the task never was ${wanted}`))
    })
  )

describe("the operator on another emulator", () => {
  it.live("follows a task and its role by their events", () =>
    Effect.gen(function*() {
      const endpoint = localstack?.endpoint ?? ""
      const settings = { endpoint, region: "us-east-1" }
      const ecs = new ECSClient(settings)
      const iam = new IAMClient(settings)
      const events = new CloudWatchEventsClient(settings)
      const call = <A>(run: () => Promise<A>) => Effect.promise(run)

      yield* call(() => ecs.send(new CreateClusterCommand({ clusterName: cluster })))
      const { Role } = yield* call(() =>
        iam.send(new CreateRoleCommand({ RoleName: "kv-role", AssumeRolePolicyDocument: "{}" }))
      )
      yield* call(() =>
        ecs.send(
          new RegisterTaskDefinitionCommand({
            family: "kv",
            taskRoleArn: Role?.Arn,
            networkMode: "awsvpc",
            requiresCompatibilities: ["FARGATE"],
            cpu: "256",
            memory: "512",
            containerDefinitions: [
              { name: "kv", image: "kv:1", memory: 256, portMappings: [{ containerPort: 5051 }] },
              { name: "sidecar", image: "ecs-mesh-sidecar:1", memory: 256, command: ["sidecar"] }
            ]
          })
        )
      )

      const store = yield* openStore(yield* Effect.promise(databases.create))
      yield* store.put(emptyMesh())
      const config = { zone: "zone-1", aws: testAwsConfig(endpoint, { clusters: [cluster], queueName: "ecs-mesh-ls" }) }
      yield* operate(config).pipe(
        Effect.provide(Layer.merge(Layer.succeed(Store, store), Journal.none)),
        Effect.forkScoped
      )

      const subnet = yield* call(() => localstackSubnet({ endpoint, region: "us-east-1" }))
      const { tasks = [] } = yield* call(() =>
        ecs.send(
          new RunTaskCommand({
            cluster,
            taskDefinition: "kv",
            launchType: "FARGATE",
            networkConfiguration: { awsvpcConfiguration: { subnets: [subnet], securityGroups: [] } }
          })
        )
      )
      const task = tasks[0]?.taskArn ?? ""
      const id = task.slice(task.lastIndexOf("/") + 1)

      /** What AWS puts by itself. */
      const put = (source: string, type: string, detail: unknown) =>
        call(() =>
          events.send(
            new PutEventsCommand({ Entries: [{ Source: source, DetailType: type, Detail: JSON.stringify(detail) }] })
          )
        )
      const changed = (lastStatus: string, desiredStatus: string) =>
        Effect.gen(function*() {
          const described = yield* call(() => ecs.send(new DescribeTasksCommand({ cluster, tasks: [task] })))
          const { clusterArn, version = 0 } = described.tasks?.[0] ?? {}
          const detail = { clusterArn, taskArn: task, lastStatus, desiredStatus, version }
          yield* put("aws.ecs", "ECS Task State Change", detail)
        })

      yield* changed("RUNNING", "RUNNING")
      yield* untilPhase(store, id, "refused")
      yield* call(() =>
        iam.send(
          new TagRoleCommand({
            RoleName: "kv-role",
            Tags: [{ Key: "kuma.io/type", Value: "dataplane" }, { Key: "kuma.io/mesh", Value: "default" }]
          })
        )
      )
      yield* put("aws.iam", "AWS API Call via CloudTrail", {
        eventSource: "iam.amazonaws.com",
        eventName: "TagRole",
        requestParameters: { roleName: "kv-role" }
      })
      yield* untilPhase(store, id, "registered")
      const dataplane = yield* store.get({ type: "Dataplane", mesh: "default", name: id })
      assert.match(dataplane.spec.networking?.address ?? "", /^\d+\.\d+\.\d+\.\d+$/)

      yield* call(() => ecs.send(new StopTaskCommand({ cluster, task })))
      yield* changed("STOPPED", "STOPPED")
      yield* untilPhase(store, id, null)
      assert.deepStrictEqual(yield* store.list("Dataplane"), [])
    }).pipe(Effect.scoped), 120_000)
})
