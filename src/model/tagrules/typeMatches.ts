/** A dataplane's role can't open an ingress or egress, nor the other way round. */
import { parseProxyType } from "../ProxyType.ts"
import { TYPE_TAG } from "../Tags.ts"
import { roleTagField, tagRoleCommand, tagValue, type TagPolicy } from "./TagPolicy.ts"

export const typeMatches: TagPolicy = ({ proxyType, roleArn, roleTags }) => {
  const type = tagValue(roleTags, TYPE_TAG)
  if (type === undefined || type === proxyType) return []
  const known = parseProxyType(type) !== undefined
  return [{
    reason: known ? "RoleTypeMismatch" : "RoleTypeUnknown",
    field: roleTagField(TYPE_TAG),
    message: known
      ? `role ${roleArn} has ${TYPE_TAG}="${type}", so its tasks can't be of type "${proxyType}": ` +
        `run this task with a role that has ${TYPE_TAG}="${proxyType}"`
      : `role ${roleArn} has ${TYPE_TAG}="${type}", which must be one of dataplane, ingress, egress: ` +
        `set it to "${proxyType}" (${tagRoleCommand(roleArn, TYPE_TAG, proxyType)})`
  }]
}
