import type { OperatorAwsConfig } from "../../../src/controllers/OperatorConfig.ts"

/** Everything at one endpoint, as an emulator has it. */
export const testAwsConfig = (endpoint: string, change: Partial<OperatorAwsConfig> = {}): OperatorAwsConfig => ({
  region: "us-east-1",
  partition: "aws",
  endpoints: { ecs: endpoint, iam: endpoint, sts: endpoint, events: endpoint, sqs: endpoint },
  authorizedAccountIds: ["000000000000"],
  accountRoles: {},
  clusters: [],
  queueName: "ecs-mesh-test",
  createEventRules: true,
  // Far off: what tests see, they see by events.
  resyncSeconds: 3_600,
  copyTags: ["team"],
  outboundAddress: "loopback",
  ...change
})
