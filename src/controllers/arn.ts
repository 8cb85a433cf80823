/** Reading ARNs: `arn:<partition>:<service>:<region>:<account>:<resource>`. */

/** Account id of an ARN; the empty string where it names none. */
export const accountOf = (arn: string): string => arn.split(":")[4] ?? ""

/** What stands behind the last slash: the task's id, the cluster's or role's name (a role's path is dropped). */
export const lastPart = (arn: string): string => arn.slice(arn.lastIndexOf("/") + 1)

/**
 * `arn:aws:ecs:<region>:<account>:service/<cluster>/<name>` -> the cluster's ARN. Null for the old short form, which
 * names no cluster.
 */
export const clusterArnOf = (serviceArn: string): string | null => {
  const [, place, cluster] = /^(arn:[^:]*:ecs:[^:]*:[^:]*:)service\/([^/]+)\/[^/]+$/.exec(serviceArn) ?? []
  return place === undefined || cluster === undefined ? null : `${place}cluster/${cluster}`
}
