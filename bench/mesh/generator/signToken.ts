import { type KeyObject, sign } from "node:crypto"

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url")

/** A dataplane token for one proxy of the mesh `default`, good for a day. */
export const signToken = (key: KeyObject, keyId: string, name: string): string => {
  const now = Math.floor(Date.now() / 1_000) - 5
  const times = { iat: now, nbf: now, exp: now + 86_400 }
  const claims = { Name: name, Mesh: "default", Tags: {}, Type: "dataplane", ...times, jti: `bench-${name}` }
  const content = `${encode({ alg: "RS256", kid: keyId, typ: "JWT" })}.${encode(claims)}`
  return `${content}.${sign("RSA-SHA256", Buffer.from(content), key).toString("base64url")}`
}
