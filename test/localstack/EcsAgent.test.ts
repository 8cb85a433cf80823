import { StopTaskCommand, UpdateServiceCommand } from "@aws-sdk/client-ecs"
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { waitFor } from "../../localstack/process/waitFor.ts"
import { type Bench, startBench } from "./Bench.ts"

const idOf = (taskArn: string): string => taskArn.slice(taskArn.lastIndexOf("/") + 1)

/** A container that runs until SIGTERM, then for a moment longer, and writes when each happened (ms since epoch). */
const lasting = (afterTermMillis = 0) => ({
  name: "app",
  command: ["node", "-e", `
    process.on("SIGTERM", () => {
      console.log("term", Date.now())
      setTimeout(() => { console.log("end", Date.now()); process.exit(7) }, ${afterTermMillis})
    })
    setInterval(() => {}, 1000)
    console.log("up", Date.now())`]
})

let bench: Bench

beforeAll(async () => {
  bench = await startBench()
})

afterAll(async () => {
  await bench.stop()
})

const logOf = (taskArn: string, container: string): Promise<string> =>
  readFile(join(bench.logFolder, idOf(taskArn), `${container}.log`), "utf8")

const timeOf = async (taskArn: string, container: string, word: string): Promise<number> =>
  waitFor(`${word} in the log of ${container}`, async () => {
    const found = new RegExp(`^${word} (\\d+)$`, "m").exec(await logOf(taskArn, container))
    return found === null ? undefined : Number(found[1])
  })

describe("a task's life", () => {
  it("puts one event for each step, in the order of their versions, in the shape that AWS documents", async () => {
    const taskArn = await bench.runTask(await bench.define("life", [lasting()]))
    await bench.until(taskArn, "RUNNING")
    await timeOf(taskArn, "app", "up")
    await bench.ecs.send(new StopTaskCommand({ cluster: bench.cluster, task: taskArn, reason: "the test asks" }))
    await bench.until(taskArn, "STOPPED")

    const events = await bench.eventsOf(taskArn, 6)

    expect(events.map(({ detail }) => [detail.version, detail.desiredStatus, detail.lastStatus])).toEqual([
      [1, "RUNNING", "PROVISIONING"],
      [2, "RUNNING", "PENDING"],
      [3, "RUNNING", "RUNNING"],
      [4, "STOPPED", "RUNNING"],
      [5, "STOPPED", "DEPROVISIONING"],
      [6, "STOPPED", "STOPPED"]
    ])
    const running = events[2]
    expect(running).toMatchObject({
      version: "0",
      "detail-type": "ECS Task State Change",
      source: "aws.ecs",
      account: bench.emulator.accountId,
      region: bench.emulator.region,
      resources: [taskArn]
    })
    expect(running?.detail).toMatchObject({
      clusterArn: expect.stringMatching(/:cluster\/bench$/),
      taskDefinitionArn: expect.stringMatching(/:task-definition\/life:1$/),
      launchType: "FARGATE",
      connectivity: "CONNECTED",
      availabilityZone: "us-east-1a",
      attributes: [{ name: "ecs.cpu-architecture", value: "x86_64" }],
      attachments: [{ type: "eni", status: "ATTACHED" }],
      containers: [{ name: "app", lastStatus: "RUNNING", image: "life:1" }],
      startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      updatedAt: expect.stringMatching(/^\d{4}-.*Z$/)
    })
    expect(JSON.stringify(events), "AWS tells no health in events").not.toContain("healthStatus")
    expect(events[5]?.detail).toMatchObject({
      stopCode: "UserInitiated",
      stoppedReason: "the test asks",
      containers: [{ name: "app", lastStatus: "STOPPED", exitCode: 7 }]
    })
  })

  it("has an address of its own, which DescribeTasks and the containers are told", async () => {
    const family = await bench.define("address", [{
      name: "app",
      command: ["node", "-e", `console.log("at", process.env.AT); setInterval(() => {}, 1000)`],
      environment: [{ name: "AT", value: "${ECS_DEMO_TASK_ADDRESS}" }]
    }])
    const arns = [await bench.runTask(family), await bench.runTask(family)]
    const addresses = await Promise.all(arns.map(async (taskArn) => {
      const { attachments } = await bench.until(taskArn, "RUNNING")
      return attachments?.[0]?.details?.find(({ name }) => name === "privateIPv4Address")?.value
    }))

    expect(addresses[0]).toMatch(/^127\.64\./)
    expect(addresses[0]).not.toBe(addresses[1])
    await waitFor("the address in the log", async () =>
      (await logOf(arns[0] ?? "", "app")).includes(`at ${addresses[0]}`) ? true : undefined)
  })

  it("says desiredStatus STOPPED before a container gets SIGTERM, and STOPPED only after it has ended", async () => {
    const taskArn = await bench.runTask(await bench.define("stop", [lasting(400)]))
    await timeOf(taskArn, "app", "up")
    await bench.until(taskArn, "RUNNING")

    await bench.ecs.send(new StopTaskCommand({ cluster: bench.cluster, task: taskArn }))
    const said = await bench.describe(taskArn)
    expect([said.desiredStatus, said.lastStatus]).toEqual(["STOPPED", "RUNNING"])
    await timeOf(taskArn, "app", "term")
    const draining = await bench.describe(taskArn)
    expect([draining.desiredStatus, draining.lastStatus]).toEqual(["STOPPED", "RUNNING"])
    const ended = await bench.until(taskArn, "STOPPED")

    const term = await timeOf(taskArn, "app", "term")
    const stopping = (await bench.eventsOf(taskArn, 6))[3]?.detail["updatedAt"]
    expect(Date.parse(String(stopping))).toBeLessThanOrEqual(term)
    expect(ended.stoppedAt?.getTime()).toBeGreaterThanOrEqual(
      Math.floor((await timeOf(taskArn, "app", "end")) / 1000) * 1000
    )
  })

  it("kills a container that outstays its stop timeout", async () => {
    const taskArn = await bench.runTask(await bench.define("stubborn", [{ ...lasting(60_000), stopTimeout: 1 }]))
    await timeOf(taskArn, "app", "up")
    await bench.until(taskArn, "RUNNING")
    await bench.ecs.send(new StopTaskCommand({ cluster: bench.cluster, task: taskArn }))

    const { containers } = await bench.until(taskArn, "STOPPED")

    expect(containers?.[0]?.exitCode).toBe(128 + 9)
  })

  it("ends when an essential container exits, with that container's exit code", async () => {
    const taskArn = await bench.runTask(await bench.define("exits", [
      lasting(),
      { name: "fails", command: ["node", "-e", "setTimeout(() => process.exit(3), 200)"] }
    ]))

    const task = await bench.until(taskArn, "STOPPED")

    expect(task.stopCode).toBe("EssentialContainerExited")
    expect(task.containers?.find(({ name }) => name === "fails")?.exitCode).toBe(3)
  })

  it("is stopped with the reason when a container's command can't be started", async () => {
    const taskArn = await bench.runTask(await bench.define("missing", [{ name: "app", command: ["/no/such/program"] }]))

    const task = await bench.until(taskArn, "STOPPED")

    expect(task).toMatchObject({ stopCode: "TaskFailedToStart" })
    expect(task.stoppedReason).toContain("CannotStartContainerError: /no/such/program did not start")
  })
})

describe("dependsOn", () => {
  it("starts a container once the other is healthy, and ends it before the other", async () => {
    const taskArn = await bench.runTask(await bench.define("order", [
      { ...lasting(200), dependsOn: [{ containerName: "sidecar", condition: "HEALTHY" }] },
      {
        ...lasting(),
        name: "sidecar",
        healthCheck: {
          command: ["CMD-SHELL", "test -e healthy-$ECS_DEMO_TASK_ADDRESS"],
          interval: 5,
          startPeriod: 300
        },
        command: ["node", "-e", `
          console.log("up", Date.now())
          setInterval(() => {}, 1000)
          setTimeout(() => {
            console.log("healthy", Date.now())
            require("node:fs").writeFileSync("healthy-" + process.env.ECS_DEMO_TASK_ADDRESS, "")
          }, 300)
          process.on("SIGTERM", () => { console.log("term", Date.now()); process.exit(0) })`]
      }
    ]))
    const healthy = await timeOf(taskArn, "sidecar", "healthy")
    const running = await bench.until(taskArn, "RUNNING")
    await timeOf(taskArn, "app", "up")
    await bench.ecs.send(new StopTaskCommand({ cluster: bench.cluster, task: taskArn }))
    await bench.until(taskArn, "STOPPED")

    expect(running.healthStatus).toBe("HEALTHY")
    expect(await timeOf(taskArn, "app", "up")).toBeGreaterThanOrEqual(healthy)
    expect(await timeOf(taskArn, "sidecar", "term")).toBeGreaterThanOrEqual(await timeOf(taskArn, "app", "end"))
  })
})

describe("a service", () => {
  const tasksOf = async (): Promise<ReadonlyArray<string>> =>
    [...new Set((await bench.receive()).filter(({ detail }) => detail["group"] === "service:rolling")
      .map(({ detail }) => detail.taskArn))]

  it("starts a deployment's new task before it stops the old one, and replaces a stopped one", async () => {
    await bench.createService("rolling", await bench.define("rolling", [lasting()]), 1)
    const [first = ""] = await waitFor("the first task", async () => {
      const tasks = await tasksOf()
      return tasks.length === 1 ? tasks : undefined
    })
    await bench.until(first, "RUNNING")

    await bench.ecs.send(
      new UpdateServiceCommand({ cluster: bench.cluster, service: "rolling", forceNewDeployment: true })
    )
    await bench.until(first, "STOPPED")

    const order = (await bench.receive()).filter(({ detail }) => detail["group"] === "service:rolling")
      .map(({ detail }) => `${detail.taskArn === first ? "old" : "new"} ${detail.desiredStatus} ${detail.lastStatus}`)
    expect(order.indexOf("new RUNNING RUNNING")).toBeGreaterThan(0)
    expect(order.indexOf("new RUNNING RUNNING")).toBeLessThan(order.indexOf("old STOPPED RUNNING"))

    const second = (await tasksOf())[1] ?? ""
    await bench.ecs.send(new StopTaskCommand({ cluster: bench.cluster, task: second }))
    const third = await waitFor("the replacement", async () => (await tasksOf())[2])
    await bench.until(third, "RUNNING")

    await bench.ecs.send(new UpdateServiceCommand({ cluster: bench.cluster, service: "rolling", desiredCount: 0 }))
    expect((await bench.until(third, "STOPPED")).stopCode).toBe("ServiceSchedulerInitiated")
  })
})

describe("the task's endpoints", () => {
  const asking = {
    name: "app",
    command: ["node", "-e", `
      const { AWS_CONTAINER_CREDENTIALS_FULL_URI: uri, AWS_CONTAINER_AUTHORIZATION_TOKEN: token } = process.env
      const ask = async (url, headers) => { const r = await fetch(url, { headers }); return [r.status, await r.json()] }
      Promise.all([
        ask(uri, { authorization: token }),
        ask(uri, { authorization: "another" }),
        ask(process.env.ECS_CONTAINER_METADATA_URI_V4 + "/task")
      ]).then((answers) => console.log("answers " + JSON.stringify(answers)))
      setInterval(() => {}, 1000)`]
  }

  it("give a container the keys of its task's role and the task's metadata, and nobody without the token", async () => {
    const roleArn = await bench.role("asking-role")
    const taskArn = await bench.runTask(await bench.define("asking", [asking], roleArn))
    const line = await waitFor("the answers", async () =>
      /^answers (.*)$/m.exec(await logOf(taskArn, "app"))?.[1])
    const [[status, keys], [refused], [, metadata]] = JSON.parse(line)

    expect(status).toBe(200)
    expect(refused).toBe(401)
    const sts = new STSClient({
      endpoint: bench.emulator.endpoint,
      region: bench.emulator.region,
      credentials: { accessKeyId: keys.AccessKeyId, secretAccessKey: keys.SecretAccessKey, sessionToken: keys.Token }
    })
    const { Arn } = await sts.send(new GetCallerIdentityCommand({}))
    sts.destroy()
    expect(Arn).toBe(`arn:aws:sts::${bench.emulator.accountId}:assumed-role/asking-role/${idOf(taskArn)}`)
    expect(metadata).toMatchObject({
      TaskARN: taskArn,
      Family: "asking",
      Revision: "1",
      DesiredStatus: "RUNNING",
      AvailabilityZone: "us-east-1a",
      LaunchType: "FARGATE",
      Containers: [{ Name: "app", Networks: [{ NetworkMode: "awsvpc" }] }]
    })
  })
})
