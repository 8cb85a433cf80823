/** Where the task carries a tag that its role carries too, both say the same: the role's word can't be overruled. */
import { MESH_TAG, SERVICE_TAG, TYPE_TAG, WORKLOAD_TAG } from "../Tags.ts"
import { tagValue, type TagPolicy, taskTagField } from "./TagPolicy.ts"

/** A zone proxy has no mesh, service or workload: only its type is compared. */
const COMPARED = { dataplane: [TYPE_TAG, MESH_TAG, SERVICE_TAG, WORKLOAD_TAG], ingress: [TYPE_TAG], egress: [TYPE_TAG] }

export const taskAgrees: TagPolicy = ({ proxyType, roleArn, roleTags, taskTags = {} }) =>
  COMPARED[proxyType].flatMap((tag) => {
    const allowed = tagValue(roleTags, tag)
    const actual = tagValue(taskTags, tag)
    if (allowed === undefined || actual === undefined || allowed === actual) return []
    return [{
      reason: "TaskTagMismatch",
      field: taskTagField(tag),
      message: `the task has the tag ${tag}="${actual}", but its role ${roleArn} has "${allowed}": ` +
        `change the task's tag to "${allowed}" or remove it, or run the task with a role of its own`
    }]
  })
