/** An account's HTTP front, for AWS's own SDK: JSON for ECS, EventBridge and SQS, XML for IAM. Loopback only. */
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { ACCOUNT, CLUSTER, clusterArn, type FakeAccount, REGION } from "./FakeAccount.ts"

export interface FakeAws {
  readonly endpoint: string
  readonly close: () => void
}

interface Reply {
  readonly status: number
  readonly body: string
}

const throttled = (): Reply => ({
  status: 400,
  body: JSON.stringify({ __type: "ThrottlingException", message: "Rate exceeded" })
})

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString("utf8")
}

const listOf = (value: unknown): ReadonlyArray<unknown> => Array.isArray(value) ? value : []

const sleep = (millis: number) => new Promise<void>((resolve) => setTimeout(resolve, millis))

/** `latencyMillis`: what each answer takes. */
export const serveFakeAws = async (account: FakeAccount, latencyMillis: number): Promise<FakeAws> => {
  const answer = async (action: string, input: Record<string, unknown>): Promise<object> => {
    switch (action) {
      case "ListTasks":
        return account.listTasks(input["nextToken"])
      case "DescribeTasks":
        return account.describeTasks(listOf(input["tasks"]))
      case "DescribeTaskDefinition":
        return account.describeTaskDefinition(input["taskDefinition"])
      case "DescribeClusters":
        return { clusters: [{ clusterName: CLUSTER, clusterArn, status: "ACTIVE" }], failures: [] }
      case "ReceiveMessage":
        return await account.receive(Number(input["WaitTimeSeconds"] ?? 0))
      case "DeleteMessageBatch":
        return account.remove(listOf(input["Entries"]).map((entry) => String(Object(entry)["ReceiptHandle"])))
      case "PutRule":
        return { RuleArn: `arn:aws:events:${REGION}:${ACCOUNT}:rule/${String(input["Name"])}` }
      case "PutTargets":
        return { FailedEntryCount: 0, FailedEntries: [] }
      default:
        return {
          QueueUrl: `${endpoint}/queue`,
          Attributes: { QueueArn: `arn:aws:sqs:${REGION}:${ACCOUNT}:${CLUSTER}`, ApproximateNumberOfMessages: "0" }
        }
    }
  }

  const reply = async (request: IncomingMessage): Promise<Reply> => {
    const text = await readBody(request)
    const target = request.headers["x-amz-target"]
    const action = typeof target === "string"
      ? target.split(".")[1] ?? ""
      : new URLSearchParams(text).get("Action") ?? ""
    if (!account.admits(action)) return throttled()
    if (action !== "ReceiveMessage") await sleep(latencyMillis)
    if (action === "GetRole") {
      return { status: 200, body: account.getRole(new URLSearchParams(text).get("RoleName") ?? "") }
    }
    const input: Record<string, unknown> = JSON.parse(text)
    return { status: 200, body: JSON.stringify(await answer(action, input)) }
  }

  const server = createServer((request, response) => {
    void reply(request).then(({ body, status }) => {
      response.writeHead(status, { "content-type": body.startsWith("<") ? "text/xml" : "application/x-amz-json-1.1" })
      response.end(body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    endpoint,
    close: () => {
      server.closeAllConnections()
      server.close()
    }
  }
}
