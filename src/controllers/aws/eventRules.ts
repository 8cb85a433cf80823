/** What the operator needs in EventBridge and SQS, as plain documents: created at start, or shown to the user. Pure. */
import { LEAVING_INSTANCE } from "../event/InstanceStateChange.ts"
import { ROLE_CALLS } from "../event/RoleCall.ts"
import { WAKING_SERVICE_EVENTS } from "../event/ServiceEvent.ts"

export interface EventRule {
  readonly name: string
  readonly description: string
  /** EventBridge pattern. */
  readonly pattern: Readonly<Record<string, unknown>>
}

/** IAM's events reach only the partition's home region. */
export const IAM_HOME_REGION = { aws: "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1" } as const

/** What every service's ARN of a cluster begins with: a deployment's event names its cluster nowhere else. */
const servicesOf = (clusterArn: string): string => `${clusterArn.replace(/:cluster\/([^/]+)$/, ":service/$1")}/`

/**
 * Rules are named after the queue, so that two meshes in one account don't share them. They let in only what wakes
 * somebody.
 */
export const eventRules = (queueName: string, clusterArns: ReadonlyArray<string>): ReadonlyArray<EventRule> => [
  {
    name: `${queueName}-tasks`,
    description: "ecs-mesh: tasks that start, change and stop",
    pattern: {
      source: ["aws.ecs"],
      "detail-type": ["ECS Task State Change"],
      detail: { clusterArn: clusterArns }
    }
  },
  {
    name: `${queueName}-services`,
    description: "ecs-mesh: services whose tasks were replaced, stopped or found well",
    pattern: {
      source: ["aws.ecs"],
      "detail-type": ["ECS Service Action", "ECS Deployment State Change"],
      resources: clusterArns.map((clusterArn) => ({ prefix: servicesOf(clusterArn) })),
      detail: { eventName: WAKING_SERVICE_EVENTS }
    }
  },
  {
    name: `${queueName}-instances`,
    description: "ecs-mesh: container instances that drain or go",
    pattern: {
      source: ["aws.ecs"],
      "detail-type": ["ECS Container Instance State Change"],
      detail: { clusterArn: clusterArns, status: LEAVING_INSTANCE }
    }
  },
  {
    name: `${queueName}-roles`,
    description: "ecs-mesh: roles whose tags change",
    pattern: {
      source: ["aws.iam"],
      "detail-type": ["AWS API Call via CloudTrail"],
      detail: { eventSource: ["iam.amazonaws.com"], eventName: ROLE_CALLS }
    }
  }
]

/** Lets these rules, and nothing else of EventBridge, send to the queue. */
export const queuePolicy = (queueArn: string, ruleArns: ReadonlyArray<string>): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{
      Sid: "EcsMeshEventRules",
      Effect: "Allow",
      Principal: { Service: "events.amazonaws.com" },
      Action: "sqs:SendMessage",
      Resource: queueArn,
      Condition: { ArnEquals: { "aws:SourceArn": ruleArns } }
    }]
  })

/** What the operator's own role must be allowed so that `EventBus` can do its work. */
export const neededPermissions = (queueName: string): Readonly<Record<string, unknown>> => ({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Action: ["events:PutRule", "events:PutTargets"],
      Resource: `arn:*:events:*:*:rule/${queueName}-*`
    },
    {
      Effect: "Allow",
      Action: [
        "sqs:CreateQueue",
        "sqs:GetQueueUrl",
        "sqs:GetQueueAttributes",
        "sqs:SetQueueAttributes",
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:ChangeMessageVisibility"
      ],
      Resource: [`arn:*:sqs:*:*:${queueName}`, `arn:*:sqs:*:*:${queueName}-dlq`]
    }
  ]
})
