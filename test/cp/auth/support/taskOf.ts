// A task as the operator observes it: running, valid, with an address; each test changes what it is about.
import type { EcsTask } from "../../../../src/model/EcsTask.ts"
import type { ResourceKey } from "../../../../src/model/Resource.ts"

export const ADDRESS = "10.0.0.7"

export const taskKey = (taskId: string): ResourceKey<"EcsTask"> => ({ type: "EcsTask", mesh: "", name: taskId })

export const taskOf = (
  taskId: string,
  role: NonNullable<EcsTask["role"]>,
  change: Partial<EcsTask> = {}
): EcsTask => ({
  taskArn: `arn:aws:ecs:us-east-1:000000000000:task/demo/${taskId}`,
  clusterArn: "arn:aws:ecs:us-east-1:000000000000:cluster/demo",
  taskDefinitionArn: "arn:aws:ecs:us-east-1:000000000000:task-definition/demo-app:1",
  taskRoleArn: role.arn,
  role,
  lastStatus: "RUNNING",
  desiredStatus: "RUNNING",
  taskVersion: 3,
  address: ADDRESS,
  phase: "registered",
  proxy: { proxyType: "dataplane", mesh: "default", name: taskId },
  conditions: [],
  ...change
})
