/** A role with `kuma.io/workload` runs that workload and no other. */
import { WORKLOAD_TAG } from "../Tags.ts"
import { roleTagField, tagValue, type TagPolicy } from "./TagPolicy.ts"

export const workloadRestricted: TagPolicy = ({ proxyType, roleArn, roleTags, workload }) => {
  const allowed = tagValue(roleTags, WORKLOAD_TAG)
  if (proxyType !== "dataplane" || allowed === undefined || workload === undefined || workload === allowed) return []
  const actual = workload === "" ? "has no workload" : `is of workload "${workload}"`
  return [{
    reason: "RoleWorkloadMismatch",
    field: roleTagField(WORKLOAD_TAG),
    message: `role ${roleArn} has ${WORKLOAD_TAG}="${allowed}", but the Dataplane ${actual}: ` +
      `label the Dataplane ${WORKLOAD_TAG}=${allowed}, or run the task with another role`
  }]
}
