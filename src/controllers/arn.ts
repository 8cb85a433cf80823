/** Reading ARNs: `arn:<partition>:<service>:<region>:<account>:<resource>`. */

/** Account id of an ARN; the empty string where it names none. */
export const accountOf = (arn: string): string => arn.split(":")[4] ?? ""

/** What stands behind the last slash: the task's id, the cluster's or role's name (a role's path is dropped). */
export const lastPart = (arn: string): string => arn.slice(arn.lastIndexOf("/") + 1)
