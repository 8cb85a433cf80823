/** What EventBridge says of the modelled world, in the shapes that AWS documents. */
import { ACCOUNT, clusterArn, definitionArn, REGION, taskArn } from "./families.ts"
import type { Task, TaskState } from "./World.ts"

type Named = Pick<Task, "id" | "cluster" | "revision"> & { readonly family: Pick<Task["family"], "name"> }
type Told = Pick<TaskState, "lastStatus" | "desiredStatus" | "version">

export const taskEvent = ({ cluster, family, id, revision }: Named, state: Told): string =>
  JSON.stringify({
    version: "0",
    id: `${id}-${state.version}`,
    "detail-type": "ECS Task State Change",
    source: "aws.ecs",
    account: ACCOUNT,
    time: "2026-01-01T00:00:00Z",
    region: REGION,
    resources: [taskArn(cluster, id)],
    detail: {
      clusterArn: clusterArn(cluster),
      taskArn: taskArn(cluster, id),
      taskDefinitionArn: definitionArn(family.name, revision),
      lastStatus: state.lastStatus,
      desiredStatus: state.desiredStatus,
      version: state.version,
      containers: [],
      attachments: []
    }
  })

export const roleEvent = (eventName: "TagRole" | "UntagRole" | "DeleteRole", roleName: string): string =>
  JSON.stringify({
    version: "0",
    id: `${eventName}-${roleName}`,
    "detail-type": "AWS API Call via CloudTrail",
    source: "aws.iam",
    account: ACCOUNT,
    time: "2026-01-01T00:00:00Z",
    region: REGION,
    resources: [],
    detail: {
      eventVersion: "1.08",
      eventSource: "iam.amazonaws.com",
      eventName,
      awsRegion: REGION,
      requestParameters: { roleName },
      responseElements: null,
      eventType: "AwsApiCall"
    }
  })

/** What no AWS service sends, and what it sends to others. */
export const GARBAGE: ReadonlyArray<string> = [
  "",
  "null",
  "{",
  "[]",
  `{"source":"aws.ecs","detail-type":"ECS Task State Change","detail":{}}`,
  `{"source":"aws.ecs","detail-type":"ECS Service Action","detail":{"eventName":"SERVICE_STEADY_STATE"}}`,
  `{"source":"aws.iam","detail-type":"AWS API Call via CloudTrail","detail":{"eventName":"CreateUser"}}`,
  // A cluster that nobody watches.
  taskEvent(
    { id: "elsewhere-1", cluster: "three", revision: 1, family: { name: "kv" } },
    { version: 1, lastStatus: "RUNNING", desiredStatus: "RUNNING" }
  )
]
