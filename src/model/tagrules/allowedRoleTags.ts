/**
 * Under `kuma.io/` a role carries only tags that mean something: a misspelt restriction would restrict nothing,
 * and nobody would notice.
 */
import { MESH_TAG, PROTOCOL_TAG, SERVICE_TAG, TYPE_TAG, WORKLOAD_TAG, ZONE_TAG } from "../Tags.ts"
import { roleTagField, type TagPolicy } from "./TagPolicy.ts"

const KNOWN = [TYPE_TAG, MESH_TAG, SERVICE_TAG, WORKLOAD_TAG, ZONE_TAG, PROTOCOL_TAG]

export const allowedRoleTags: TagPolicy = ({ roleArn, roleTags }) =>
  Object.keys(roleTags)
    .filter((tag) => tag.toLowerCase().startsWith("kuma.io/") && !KNOWN.includes(tag))
    .sort()
    .map((tag) => ({
      reason: "RoleTagUnknown",
      field: roleTagField(tag),
      message: `role ${roleArn} has the tag ${tag}, which means nothing here: remove or rename it ` +
        `(known: ${KNOWN.join(", ")})`
    }))
