/** An IAM role's ARN in parts; `path` starts and ends with a slash. */
export interface RoleArn {
  readonly partition: string
  readonly accountId: string
  readonly path: string
  readonly name: string
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-friendly-names
const ROLE = /^arn:([a-z-]+):iam::(\d{12}):role(\/(?:[!-.0-~]+\/)*)([\w+=,.@-]{1,64})$/

/** Undefined where the text isn't a role's ARN. */
export const parseRoleArn = (text: string): RoleArn | undefined => {
  const [, partition, accountId, path, name] = ROLE.exec(text) ?? []
  return partition === undefined || accountId === undefined || path === undefined || name === undefined
    ? undefined
    : { partition, accountId, path, name }
}
