/**
 * The operator's shares of the quotas that its calls count against, which whoever it is composed with may draw on as
 * well. AWS counts by account and region, so whoever else calls these APIs there (consoles, deployments, monitoring)
 * draws on the same quotas.
 */
import { Context, Effect, Layer } from "effect"
import { type CallBudget, makeCallBudget } from "./CallBudget.ts"
import type { Quota } from "./TokenBucket.ts"

/**
 * Calls a second, and at once, of one account in one region:
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
 * IAM has quotas and doesn't name them: what ECS gives is a beginning, and "Rate exceeded" shrinks it.
 * https://aws.amazon.com/blogs/security/how-to-monitor-and-query-iam-resources-at-scale-part-2/
 */
export const QUOTAS = {
  /** "Cluster resource read actions": DescribeTasks, ListTasks, DescribeContainerInstances, one bucket for all. */
  tasks: { rate: 20, burst: 100 },
  /** "Task definition read actions". */
  definitions: { rate: 20, burst: 50 },
  roles: { rate: 20, burst: 100 }
} as const satisfies Readonly<Record<string, Quota>>

export class CallBudgets extends Context.Service<
  CallBudgets,
  { readonly [Name in keyof typeof QUOTAS]: CallBudget }
>()("ecs-mesh/controllers/aws/CallBudgets") {
  /** `share`: the part of each quota that may be used, 0.5 for a half; beyond 1 where AWS raised the account's. */
  static readonly layer = (share: number): Layer.Layer<CallBudgets> => {
    const budget = (name: keyof typeof QUOTAS) =>
      makeCallBudget(name, { rate: QUOTAS[name].rate * share, burst: Math.max(2, QUOTAS[name].burst * share) })
    return Layer.effect(
      CallBudgets,
      Effect.all({ tasks: budget("tasks"), definitions: budget("definitions"), roles: budget("roles") })
    )
  }
}
