// Valid tokens and what is around them: every refusal's test starts from one of these and breaks one thing.
import { bindingValue, IAM_TOKEN_PREFIX } from "../../../../src/model/bindingValue.ts"
import type { ProxyClaim } from "../../../../src/cp/auth/Authenticator.ts"
import { describeStsHost, type StsHost } from "../../../../src/cp/auth/iam/stsHosts.ts"
import { presign, type TaskCredentials } from "../../../../src/sidecar/presign.ts"

export const REGION = "us-east-1"
export const HOST = "sts.us-east-1.amazonaws.com"
export const AUDIENCE = "ca-sha256:0123"
export const TASK_ID = "0123456789abcdef0123456789abcdef"
export const NOW = Date.parse("2026-01-02T03:04:05Z")

export const CREDENTIALS: TaskCredentials = {
  accessKeyId: "ASIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  sessionToken: "FwoGZXIvYXdzEXAMPLE/session+token=="
}

export const CLAIM: ProxyClaim = { proxyType: "dataplane", mesh: "default", name: TASK_ID, peerAddress: null }

export const hosts = (...names: ReadonlyArray<string>): ReadonlyArray<StsHost> =>
  names.map((name) => {
    const host = describeStsHost(name)
    if (host === null) throw new Error(`${name} is no STS host`)
    return host
  })

export const HOSTS = hosts(HOST)

export interface SignOptions {
  readonly credentials?: TaskCredentials
  readonly audience?: string
  readonly claim?: ProxyClaim
  readonly now?: number
  readonly host?: string
  readonly region?: string
}

export const signedUrl = (options: SignOptions = {}): Promise<string> =>
  presign({
    credentials: options.credentials ?? CREDENTIALS,
    region: options.region ?? REGION,
    host: options.host ?? HOST,
    binding: bindingValue(options.audience ?? AUDIENCE, options.claim ?? CLAIM),
    now: new Date(options.now ?? NOW)
  })

/** The text as a token, whatever the text is. */
export const envelope = (text: string | Uint8Array): string =>
  IAM_TOKEN_PREFIX + (typeof text === "string" ? Buffer.from(text, "utf8") : Buffer.from(text)).toString("base64url")

export const signedToken = async (options: SignOptions = {}): Promise<string> => envelope(await signedUrl(options))
