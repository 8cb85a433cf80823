/** A dataplane joins the mesh that its role names; zone proxies belong to none. */
import { MESH_TAG } from "../Tags.ts"
import { roleTagField, tagRoleCommand, tagValue, type TagPolicy } from "./TagPolicy.ts"

export const meshMatches: TagPolicy = ({ proxyType, mesh, roleArn, roleTags }) => {
  const allowed = tagValue(roleTags, MESH_TAG)
  if (proxyType !== "dataplane" || allowed === undefined || allowed === mesh) return []
  return [{
    reason: "RoleMeshMismatch",
    field: roleTagField(MESH_TAG),
    message: `role ${roleArn} has ${MESH_TAG}="${allowed}", but the task wants to join mesh "${mesh}": ` +
      `set KUMA_DATAPLANE_MESH=${allowed} in its sidecar, or tag the role ` +
      `(${tagRoleCommand(roleArn, MESH_TAG, mesh)})`
  }]
}
