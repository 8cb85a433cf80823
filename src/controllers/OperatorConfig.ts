/** What the operator needs to know of AWS and of its own place; the control plane's `AwsConfig` fits into it. */
export interface OperatorConfig {
  /** `kuma.io/zone` of everything that this operator writes. */
  readonly zone: string
  readonly aws: OperatorAwsConfig
  /** Dataplanes prove themselves by tokens and bring along what they are, so their tasks are left alone. */
  readonly dataplanesBringOwn?: boolean
}

export interface OperatorAwsConfig {
  readonly region: string
  readonly partition: "aws" | "aws-cn" | "aws-us-gov"
  /** An endpoint of one service, or null for AWS's own. */
  readonly endpoints: {
    readonly ecs: string | null
    readonly iam: string | null
    readonly sts: string | null
    readonly events: string | null
    readonly sqs: string | null
  }
  /** Accounts whose roles may join; empty denies all. */
  readonly authorizedAccountIds: ReadonlyArray<string>
  /** Role to assume in a listed foreign account to read its roles' tags, by account id. */
  readonly accountRoles: Readonly<Record<string, string>>
  /** Clusters (names or ARNs) whose tasks are watched. */
  readonly clusters: ReadonlyArray<string>
  /** The queue that the EventBridge rules deliver to; its dead-letter queue has `-dlq` behind it. */
  readonly queueName: string
  /** Create rules and queues at start where they're missing. */
  readonly createEventRules: boolean
  /** The part of the account's API quotas that may be used; beyond 1 where AWS raised them. */
  readonly apiShare: number
  /** Seconds between two full lists. */
  readonly resyncSeconds: number
  /** ECS tag keys that are copied to inbound tags. */
  readonly copyTags: ReadonlyArray<string>
  /** Where outbounds listen that the operator gives. */
  readonly outboundAddress: "loopback" | "task"
}
