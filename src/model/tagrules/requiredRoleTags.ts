/** A role says what its tasks may be: `kuma.io/type` always, `kuma.io/mesh` for a dataplane. */
import { MESH_TAG, TYPE_TAG } from "../Tags.ts"
import { roleTagField, tagRoleCommand, tagValue, type TagPolicy } from "./TagPolicy.ts"

export const requiredRoleTags: TagPolicy = ({ proxyType, mesh, roleArn, roleTags }) => {
  const required: ReadonlyArray<readonly [tag: string, wanted: string]> =
    proxyType === "dataplane" ? [[TYPE_TAG, proxyType], [MESH_TAG, mesh]] : [[TYPE_TAG, proxyType]]
  return required
    .filter(([tag]) => tagValue(roleTags, tag) === undefined)
    .map(([tag, wanted]) => ({
      reason: "RoleTagMissing",
      field: roleTagField(tag),
      message: `role ${roleArn} has no tag ${tag}: set it to "${wanted}" (${tagRoleCommand(roleArn, tag, wanted)})`
    }))
}
