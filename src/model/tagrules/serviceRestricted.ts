/** A role with `kuma.io/service` stands for that service and for no other. */
import { SERVICE_TAG } from "../Tags.ts"
import { roleTagField, tagRoleCommand, tagValue, type TagPolicy } from "./TagPolicy.ts"

export const serviceRestricted: TagPolicy = ({ proxyType, roleArn, roleTags, services }) => {
  const allowed = tagValue(roleTags, SERVICE_TAG)
  if (proxyType !== "dataplane" || allowed === undefined || services === undefined) return []
  return [...new Set(services)]
    .filter((service) => service !== allowed)
    .map((service) => ({
      reason: "RoleServiceMismatch",
      field: roleTagField(SERVICE_TAG),
      message: `role ${roleArn} has ${SERVICE_TAG}="${allowed}", but the Dataplane stands for "${service}": ` +
        `change the Dataplane's inbound tag to "${allowed}", or tag the role ` +
        `(${tagRoleCommand(roleArn, SERVICE_TAG, service)})`
    }))
}
