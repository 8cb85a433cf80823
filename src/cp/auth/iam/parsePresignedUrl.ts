/**
 * The URL in a token, read by a grammar of its own over the raw text. `new URL()` would turn disguised hosts into
 * clean ones (`%73ts`, full-width letters, a tab, `:443`, `/../`, `@`) and is never used here.
 * What comes out are values, not a URL: the request to STS is built anew from them.
 *
 *     "https://" host "/?" name "=" value *( "&" name "=" value )
 */
import { Result } from "effect"
import type { Refused } from "../Authenticator.ts"
import { refuse } from "../refuse.ts"
import type { StsHost } from "./stsHosts.ts"

/** Every parameter is required, and no other is allowed. */
export const PARAMETERS = [
  "Action",
  "Version",
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Date",
  "X-Amz-Expires",
  "X-Amz-Security-Token",
  "X-Amz-Signature",
  "X-Amz-SignedHeaders"
] as const
export type Parameter = typeof PARAMETERS[number]

export interface PresignedUrl {
  readonly host: StsHost
  /** Decoded values. */
  readonly parameters: Readonly<Record<Parameter, string>>
}

const SCHEME = "https://"

/**
 * RFC 3986's unreserved characters stay, every other byte becomes `%XX` in upper case.
 * "URI-encode each parameter name and value":
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export const uriEncode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

/** Undefined where the text isn't percent-encoded UTF-8. */
const uriDecode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

const isParameter = (name: string): name is Parameter => PARAMETERS.some((parameter) => parameter === name)

const readHost = (url: string, hosts: ReadonlyArray<StsHost>): Result.Result<StsHost, Refused> => {
  if (!url.startsWith(SCHEME)) return refuse("UrlSchemeWrong", "the token's URL isn't https")
  const end = url.indexOf("/", SCHEME.length)
  const name = end < 0 ? undefined : url.slice(SCHEME.length, end)
  // Equal or not: nothing is decoded, folded or trimmed, so no disguise of a host can pass.
  const host = hosts.find((known) => known.host === name)
  return host === undefined
    ? refuse(
      "StsHostNotAllowed",
      `the token is signed for a host that isn't among this control plane's STS hosts ` +
        `(${hosts.map((known) => known.host).join(", ")}): set AWS_REGION of the sidecar to one of their regions, ` +
        "or add its region's host to ECS_MESH_STS_HOSTS of the control plane"
    )
    : Result.succeed(host)
}

const readPair = (pair: string): Result.Result<readonly [name: string, value: string], Refused> => {
  const equals = pair.indexOf("=")
  const name = equals < 0 ? undefined : uriDecode(pair.slice(0, equals))
  const value = equals < 0 ? undefined : uriDecode(pair.slice(equals + 1))
  // Another spelling of the same bytes (`%2f`, `+`, `%41ction`) is what one reader takes and the next one doesn't.
  if (name === undefined || value === undefined || `${uriEncode(name)}=${uriEncode(value)}` !== pair) {
    return refuse("UrlQueryMalformed", "a parameter of the token's URL isn't in canonical percent-encoding")
  }
  return Result.succeed([name, value])
}

const readQuery = (query: string): Result.Result<Readonly<Record<Parameter, string>>, Refused> =>
  Result.gen(function*() {
    const seen = new Map<string, string>()
    for (const pair of query.split("&")) {
      // Names that differ only in case, or in encoding, are one name to somebody (CVE-2022-2385).
      const folded = (uriDecode(pair.split("=", 1)[0] ?? "") ?? "").toLowerCase()
      if ([...seen.keys()].some((name) => name.toLowerCase() === folded)) {
        return yield* refuse("UrlParameterRepeated", "a parameter of the token's URL is there twice")
      }
      const [name, value] = yield* readPair(pair)
      if (!isParameter(name)) {
        return yield* refuse("UrlParameterNotAllowed", "the token's URL has a parameter that isn't allowed")
      }
      seen.set(name, value)
    }
    const value = (name: Parameter): Result.Result<string, Refused> => {
      const found = seen.get(name)
      return found === undefined || found === ""
        ? refuse("UrlParameterMissing", `the token's URL has no ${name}`)
        : Result.succeed(found)
    }
    return {
      "Action": yield* value("Action"),
      "Version": yield* value("Version"),
      "X-Amz-Algorithm": yield* value("X-Amz-Algorithm"),
      "X-Amz-Credential": yield* value("X-Amz-Credential"),
      "X-Amz-Date": yield* value("X-Amz-Date"),
      "X-Amz-Expires": yield* value("X-Amz-Expires"),
      "X-Amz-Security-Token": yield* value("X-Amz-Security-Token"),
      "X-Amz-Signature": yield* value("X-Amz-Signature"),
      "X-Amz-SignedHeaders": yield* value("X-Amz-SignedHeaders")
    }
  })

/** `hosts`: those that a token may name. */
export const parsePresignedUrl = (
  url: string,
  hosts: ReadonlyArray<StsHost>
): Result.Result<PresignedUrl, Refused> =>
  Result.gen(function*() {
    const host = yield* readHost(url, hosts)
    const rest = url.slice(SCHEME.length + host.host.length)
    if (!rest.startsWith("/?")) return yield* refuse("UrlPathWrong", "the path of the token's URL isn't /")
    return { host, parameters: yield* readQuery(rest.slice("/?".length)) }
  })
