/** Who calls the API, by the names that Kuma gives. */
export interface User {
  readonly name: string
  readonly groups: ReadonlyArray<string>
  /** How that is known. What a name says never makes up for it: a token may bear any. */
  readonly method: "localhost" | "clientCertificate" | "token" | "none"
}

export const ADMIN_GROUP = "mesh-system:admin"
const AUTHENTICATED_GROUP = "mesh-system:authenticated"
const UNAUTHENTICATED_GROUP = "mesh-system:unauthenticated"

/** Whom an admin's token is for, and who needs none. */
export const ADMIN_NAME = "mesh-system:admin"

export const ANONYMOUS: User = {
  name: "mesh-system:anonymous", groups: [UNAUTHENTICATED_GROUP], method: "none"
}

export const isAnonymous = ({ method }: User): boolean => method === "none"

export const authenticated = (
  name: string,
  groups: ReadonlyArray<string>,
  method: Exclude<User["method"], "none">
): User => ({ name, groups: [...groups, AUTHENTICATED_GROUP], method })

export const admin = (method: "localhost" | "clientCertificate"): User =>
  authenticated(ADMIN_NAME, [ADMIN_GROUP], method)

/** `name/group,group`, as Kuma's refusals have it. */
export const formatUser = ({ groups, name }: User): string => `${name}/${groups.join(",")}`
