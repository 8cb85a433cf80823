/**
 * Why what was removed is there again soon, or null: a connected proxy's own resource is put back by the replica that
 * has it, and that of a task by the operator. Pure.
 */
import { BROUGHT_LABEL, TASK_LABEL } from "../../model/dataplaneLabels.ts"
import type { DataplaneInsight } from "../../model/DataplaneInsight.ts"
import type { Resource } from "../../model/Resource.ts"
import { isConnected } from "../inspect/proxyStatus.ts"

export const comesBack = ({ labels, name, type }: Resource, insight: DataplaneInsight | undefined): string | null => {
  const task = labels[TASK_LABEL]
  if (task !== undefined) {
    return `the operator puts ${type} "${name}" back for as long as its task runs: stop the task ${task}`
  }
  return labels[BROUGHT_LABEL] !== undefined && isConnected(insight)
    ? `the proxy of ${type} "${name}" is connected, and what it brought is put back for as long as it is: ` +
      "end the proxy, or revoke its token"
    : null
}
