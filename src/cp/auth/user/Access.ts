/** Who may do what that not every user may: Kuma's static access. Pure. */
import { formatUser, type User } from "./User.ts"

/** What is granted by name or by group. */
export type Action =
  | "adminResources"
  | "generateDpToken"
  | "generateZoneToken"
  | "generateUserToken"
  | "viewConfigDump"
  | "viewStats"
  | "viewClusters"
  | "controlPlaneMetadata"

export interface Grant {
  readonly users: ReadonlyArray<string>
  readonly groups: ReadonlyArray<string>
}

export type AccessConfig = Readonly<Record<Action, Grant>>

const isGranted = ({ groups, users }: Grant, user: User): boolean =>
  users.includes(user.name) || user.groups.some((group) => groups.includes(group))

/** Why a user may not, or null. `what`: the object of the sentence. */
export const denial = (access: AccessConfig, action: Action, user: User, what: string): string | null =>
  isGranted(access[action], user) ? null : `user ${JSON.stringify(formatUser(user))} cannot access ${what}`
