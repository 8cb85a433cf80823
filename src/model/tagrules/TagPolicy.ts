/** What a tag policy judges, and what it answers. */
import type { ProxyType } from "../ProxyType.ts"
import type { Tags } from "../Tags.ts"
import type { Violation } from "../Violation.ts"

/** A proxy that wants in, with the tags that speak for it. */
export interface TagSubject {
  readonly proxyType: ProxyType
  /** The mesh that it wants to join; the empty string for zone proxies. */
  readonly mesh: string
  readonly roleArn: string
  readonly roleTags: Tags
  /** Tags of the ECS task; absent where they aren't known. */
  readonly taskTags?: Tags
  /** Every `kuma.io/service` that its Dataplane stands for; absent where there is no Dataplane to judge yet. */
  readonly services?: ReadonlyArray<string>
  /** `kuma.io/workload` of its Dataplane, empty where it has none; absent where there is no Dataplane to judge yet. */
  readonly workload?: string
}

/** A violation with a CamelCase reason for programs. `field` is like `role.tags["kuma.io/type"]`. */
export interface TagViolation extends Violation {
  readonly reason: string
}

export type TagPolicy = (subject: TagSubject) => ReadonlyArray<TagViolation>

export const roleTagField = (tag: string): string => `role.tags["${tag}"]`
export const taskTagField = (tag: string): string => `task.tags["${tag}"]`

/** What the owner of the role types to set a tag. */
export const tagRoleCommand = (roleArn: string, tag: string, value: string): string => {
  const roleName = roleArn.slice(roleArn.lastIndexOf("/") + 1)
  return `aws iam tag-role --role-name ${roleName} --tags Key=${tag},Value=${value}`
}

/** A tag's value, or undefined where the tag is missing or empty. */
export const tagValue = (tags: Tags, tag: string): string | undefined => {
  const value = Object.hasOwn(tags, tag) ? tags[tag] : undefined
  return value === "" ? undefined : value
}
