/** Which tasks run with a role. */
import type { Resource } from "../../model/Resource.ts"
import { accountOf, lastPart } from "../arn.ts"
import { formatTaskKey, taskKeyOf } from "../TaskKey.ts"

export interface RoleName {
  readonly account: string
  readonly roleName: string
}

const text = ({ account, roleName }: RoleName): string => `${account}/${roleName}`

/** Keys of every task that runs with one of these, of those that the store knows. */
export const tasksOfRoles = (
  tasks: ReadonlyArray<Resource<"EcsTask">>,
  roles: ReadonlyArray<RoleName>
): ReadonlyArray<string> => {
  const wanted = new Set(roles.map(text))
  return tasks
    .filter(({ spec: { taskRoleArn: role } }) =>
      role !== null && wanted.has(text({ account: accountOf(role), roleName: lastPart(role) }))
    )
    .map(({ spec: { clusterArn, taskArn } }) => formatTaskKey(taskKeyOf(clusterArn, taskArn)))
}
