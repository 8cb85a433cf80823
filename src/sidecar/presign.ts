/**
 * A presigned `GetCallerIdentity`: proof of a role that only the holder of its credentials can make and
 * that anybody may have AWS STS check. It carries no secret key, and its signature covers one extra header.
 */
import { createHash, createHmac, type Hash as NodeHash, type Hmac } from "node:crypto"
import { SignatureV4 } from "@smithy/signature-v4"
import { BINDING_HEADER } from "../model/bindingValue.ts"

/** Credentials of the task's role. ECS always hands out temporary ones: they have a session token. */
export interface TaskCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
  readonly expiration?: Date | undefined
}

export interface PresignInput {
  readonly credentials: TaskCredentials
  /** Region of the signature's scope; it must be the one that `host` is in. */
  readonly region: string
  /** STS host that the URL names, e.g. `sts.eu-west-1.amazonaws.com`. */
  readonly host: string
  /** Value of the signed header `x-ecs-mesh-binding`. */
  readonly binding: string
  readonly now: Date
}

/** Seconds that a token is good for: the longest that the control plane accepts. */
export const PRESIGN_EXPIRES_SECONDS = 900

type Bytes = string | ArrayBuffer | ArrayBufferView

const bytes = (data: Bytes): string | Uint8Array =>
  typeof data === "string"
    ? data
    : ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data)

/** Node's SHA-256 and HMAC in the shape that the SDK's signer takes. */
class Sha256 {
  readonly #hash: NodeHash | Hmac

  constructor(secret?: Bytes) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", bytes(secret))
  }

  update(data: Bytes): void {
    this.#hash.update(bytes(data))
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest())
  }
}

/** RFC 3986's unreserved characters stay, as SigV4 wants them: `encodeURIComponent` leaves five more. */
const escape = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

/**
 * The URL, with exactly the parameters that the control plane allows: Action, Version, X-Amz-Algorithm,
 * -Credential, -Date, -Expires, -Security-Token, -Signature and -SignedHeaders (`host;x-ecs-mesh-binding`).
 */
export const presign = async ({ credentials, region, host, binding, now }: PresignInput): Promise<string> => {
  const signer = new SignatureV4({
    credentials: {
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: credentials.secretAccessKey,
      ...(credentials.sessionToken === undefined ? {} : { sessionToken: credentials.sessionToken })
    },
    region,
    service: "sts",
    sha256: Sha256
  })
  const signed = await signer.presign(
    {
      method: "GET",
      protocol: "https:",
      hostname: host,
      path: "/",
      query: { Action: "GetCallerIdentity", Version: "2011-06-15" },
      headers: { host, [BINDING_HEADER]: binding }
    },
    { expiresIn: PRESIGN_EXPIRES_SECONDS, signingDate: now }
  )
  const query = Object.entries(signed.query ?? {}).map(([name, value]) => `${escape(name)}=${escape(String(value))}`)
  return `https://${host}/?${query.join("&")}`
}
