import { Layer } from "effect"
import { AwsClients } from "../../../src/controllers/aws/AwsClients.ts"
import { CallBudgets } from "../../../src/controllers/aws/CallBudgets.ts"
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
  apiShare: 1,
  // Far off: what tests see, they see by events.
  resyncSeconds: 3_600,
  copyTags: ["team"],
  outboundAddress: "loopback",
  ...change
})

/** What the readers of AWS need. */
export const testClients = (config: OperatorAwsConfig): Layer.Layer<AwsClients | CallBudgets> =>
  Layer.merge(AwsClients.layer(config), CallBudgets.layer(config.apiShare))
