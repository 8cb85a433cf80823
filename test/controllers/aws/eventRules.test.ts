import { CloudWatchEventsClient, TestEventPatternCommand } from "@aws-sdk/client-cloudwatch-events"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { parse } from "yaml"
import { eventRules } from "../../../src/controllers/aws/eventRules.ts"
import { decode } from "../../../src/controllers/event/decode.ts"
import { type Emulator, startMinistack } from "../../support/startMinistack.ts"

const root = join(import.meta.dirname, "..", "..", "..")
const folder = join(root, "localstack", "events")
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".json") && !file.endsWith(".decoded.json"))
  .map((file) => file.replace(/\.json$/, ""))
const read = (name: string): string => readFileSync(join(folder, `${name}.json`), "utf8")

let aws: Emulator | undefined
let events: CloudWatchEventsClient

beforeAll(async () => {
  aws = await startMinistack()
  events = new CloudWatchEventsClient({ endpoint: aws.endpoint, region: aws.region, credentials: aws.credentials })
}, 60_000)
afterAll(() => aws?.stop())

const matches = async (pattern: unknown, event: string): Promise<boolean> => {
  const { Result } = await events.send(
    new TestEventPatternCommand({ EventPattern: JSON.stringify(pattern), Event: event })
  )
  return Result ?? false
}

const cluster = (name: string) => `arn:aws:ecs:us-west-2:111122223333:cluster/${name}`

/** The recorded events that some rule lets in. */
const letIn = async (clusters: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const rules = eventRules("ecs-mesh", clusters)
  const found = await Promise.all(names.map(async (name) => {
    const hits = await Promise.all(rules.map(({ pattern }) => matches(pattern, read(name))))
    return hits.filter(Boolean).length === 1 ? [name] : []
  }))
  return found.flat()
}

/** Calls that failed changed nothing; they are rare, and told apart on decoding. */
const unwanted = ["role-call-that-failed", "role-call-that-came-too-late"]

describe("the event rules", () => {
  it("let in what wakes somebody, each by one rule, and hardly anything else", async () => {
    const waking = names.filter((name) => decode(read(name))._tag !== "Ignored")
    expect(waking.length).toBeGreaterThan(40)
    expect(new Set(await letIn([cluster("FargateCluster"), cluster("default")]))).toEqual(
      new Set([...waking, ...unwanted])
    )
  }, 30_000)

  it("let in nothing of another cluster, even if its name begins alike", async () => {
    const roles = ["role-deleted", "role-tagged", "role-untagged", ...unwanted]
    expect(new Set(await letIn([cluster("def"), cluster("Fargate")]))).toEqual(new Set(roles))
  }, 30_000)

  it("are the same in the stack, but for the services' clusters", () => {
    const stack: unknown = parse(readFileSync(join(root, "deploy", "events.yaml"), "utf8"), { logLevel: "silent" })
    const { Resources } = stack as {
      Resources: Record<string, { Type: string; Properties: { Name: string; EventPattern: unknown } }>
    }
    const inStack = Object.values(Resources)
      .filter(({ Type }) => Type === "AWS::Events::Rule")
      .map(({ Properties: { EventPattern, Name } }) => [Name, EventPattern])
    const made = eventRules("${QueueName}", []).map(({ name, pattern: { resources: _, ...pattern } }) =>
      // `!Ref ClusterArns` reads as its argument.
      [name, JSON.parse(JSON.stringify(pattern).replaceAll("\"clusterArn\":[]", "\"clusterArn\":\"ClusterArns\""))])
    expect(inStack.toSorted()).toEqual(made.toSorted())
  })
})
