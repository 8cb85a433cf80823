// Ways to spoil what a caller brings: the bytes of its token, the text of the URL in it, the parameters, the header.
// Each is plain data, so that a failing test can print what it did.
import fc from "fast-check"
import { IAM_TOKEN_PREFIX } from "../../../../src/model/bindingValue.ts"
import { envelope, HOST } from "./signed.ts"

/** Texts with which such URLs have been forged. */
const SNIPPETS = [
  "&", "=", "%", "%00", "%0a", "%2e", "%2F", "#", "?", "/", "//", "/../", "\\", "@", ":443", ";", "+", " ", "\n", "\0",
  "evil.example", "user@", "sts.amazonaws.com", "sts.eu-west-1.amazonaws.com", "ｓｔｓ", "ſ", "\u00ad", "K", "..",
  "&Action=GetCallerIdentity", "&action=AssumeRole", "&X-Amz-Signature=00", "&x-amz-credential=x", "&RoleArn=x",
  "host;", "eu-west-1", "iam", "901", "0", "a", "Z", "http://", "HTTPS://"
]

/** Values that a parameter might be given. */
const VALUES: Readonly<Record<string, ReadonlyArray<string>>> = {
  "Action": ["AssumeRole", "getcalleridentity", "GetCallerIdentity%20", "GetSessionToken"],
  "Version": ["2011-06-16", "latest"],
  "X-Amz-Algorithm": ["AWS4-HMAC-SHA1", "aws4-hmac-sha256", "none"],
  "X-Amz-Date": ["20200101T000000Z", "20991231T235959Z", "20260231T000000Z", "now", "2026-01-02T03%3A04%3A05Z"],
  "X-Amz-Expires": ["0", "1", "899", "901", "86400", "-1", "1e2", "0900"],
  "X-Amz-SignedHeaders": [
    "host", "x-ecs-mesh-binding", "host%3Bx-ecs-mesh-binding%3B", "x-ecs-mesh-binding%3Bhost", "Host%3BX-Ecs-Mesh-Binding"
  ],
  "X-Amz-Signature": ["0".repeat(64), "0", "null"]
}

/** Parts of the credential's scope, and what might be put there. */
const SCOPES = ["20200101", "eu-west-1", "us-east-1", "s3", "sts", "aws5_request", "", "*"]

const HOSTS = [
  "sts.eu-west-1.amazonaws.com", "sts.amazonaws.com", "evil.example", `${HOST}:443`, `${HOST}.`, HOST.toUpperCase(),
  `user@${HOST}`, `${HOST}@evil.example`, HOST.replace("s", "%73"), HOST.replace("sts", "ｓｔｓ"), ""
]

export type Mutation =
  | { readonly of: "url" | "token"; readonly how: "insert" | "overwrite"; readonly at: number; readonly text: string }
  | { readonly of: "url" | "token"; readonly how: "cut"; readonly at: number; readonly length: number }
  | { readonly of: "url" | "token"; readonly how: "case" | "percent" | "percent-lower"; readonly at: number }
  | { readonly of: "query"; readonly how: "swap" | "double" | "drop" | "twin"; readonly a: number; readonly b: number }
  | { readonly of: "query"; readonly how: "value"; readonly name: string; readonly value: string }
  | { readonly of: "query"; readonly how: "scope"; readonly part: number; readonly text: string }
  /** Takes a parameter from another valid token. */
  | { readonly of: "query"; readonly how: "splice"; readonly a: number; readonly from: number }
  | { readonly of: "host"; readonly how: "host"; readonly text: string }
  | { readonly of: "encoding"; readonly how: "pad" | "bits" | "standard" | "line" | "prefix" | "bearer" }
  | { readonly of: "header"; readonly how: "twice" | "empty" | "also-empty" | "other" | "comma" | "none" }

const from = <A extends string>(...options: ReadonlyArray<A>): fc.Arbitrary<A> => fc.constantFrom(...options)
const text = fc.oneof(from(...SNIPPETS), fc.string({ unit: "binary", minLength: 1, maxLength: 2 }))
const place = from("url", "url", "token")

export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ of: place, how: from("insert", "overwrite"), at: fc.nat(), text }),
  fc.record({ of: place, how: fc.constant("cut" as const), at: fc.nat(), length: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ of: place, how: from("case", "percent", "percent-lower"), at: fc.nat() }),
  fc.record({ of: from("query"), how: from("swap", "swap", "double", "drop", "twin"), a: fc.nat(8), b: fc.nat(8) }),
  from(...Object.keys(VALUES)).chain((name) =>
    fc.record({ of: from("query"), how: from("value"), name: fc.constant(name), value: from(...VALUES[name] ?? []) })
  ),
  fc.record({ of: from("query"), how: from("scope"), part: fc.nat(5), text: from(...SCOPES) }),
  fc.record({ of: from("query"), how: from("splice"), a: fc.nat(8), from: fc.nat() }),
  fc.record({ of: from("host"), how: from("host"), text: from(...HOSTS) }),
  fc.record({ of: from("encoding"), how: from("pad", "bits", "standard", "line", "prefix", "bearer") }),
  fc.record({ of: from("header"), how: from("twice", "empty", "also-empty", "other", "comma", "none") })
)

const percent = (char: string): string => `%${(char.codePointAt(0) ?? 0).toString(16).padStart(2, "0").toUpperCase()}`

const otherCase = (char: string): string => char === char.toLowerCase() ? char.toUpperCase() : char.toLowerCase()

const mutateText = (whole: string, mutation: Extract<Mutation, { readonly of: "url" | "token" }>): string => {
  const at = mutation.at % (whole.length + 1)
  const [before, char, rest] = [whole.slice(0, at), whole.slice(at, at + 1), whole.slice(at + 1)]
  if (mutation.how === "insert") return before + mutation.text + char + rest
  if (mutation.how === "overwrite") return before + mutation.text + whole.slice(at + mutation.text.length)
  if (mutation.how === "cut") return before + whole.slice(at + mutation.length)
  if (mutation.how === "case") return before + otherCase(char) + rest
  return before + (mutation.how === "percent" ? percent(char) : percent(char).toLowerCase()) + rest
}

const nameOf = (pair: string): string => pair.split("=", 1)[0] ?? ""

const mutateQuery = (
  query: string,
  mutation: Extract<Mutation, { readonly of: "query" }>,
  urls: ReadonlyArray<string>
): string => {
  const pairs = query.split("&")
  if (mutation.how === "value") {
    return pairs.map((pair) => nameOf(pair) === mutation.name ? `${mutation.name}=${mutation.value}` : pair).join("&")
  }
  if (mutation.how === "scope") {
    return query.replace(/(X-Amz-Credential=)([^&]*)/, (_, name: string, scope: string) => {
      const parts = scope.split("%2F")
      parts.splice(mutation.part, 1, mutation.text)
      return name + parts.join("%2F")
    })
  }
  const pair = pairs[mutation.a]
  if (pair === undefined) return query
  if (mutation.how === "splice") {
    const other = urls[mutation.from % urls.length]?.split("/?")[1]?.split("&") ?? []
    pairs.splice(mutation.a, 1, other.find((candidate) => nameOf(candidate) === nameOf(pair)) ?? pair)
  }
  if (mutation.how === "swap") {
    pairs.splice(mutation.a, 1, pairs[mutation.b] ?? pair)
    if (pairs[mutation.b] !== undefined) pairs.splice(mutation.b, 1, pair)
  }
  if (mutation.how === "double") pairs.splice(mutation.b, 0, pair)
  if (mutation.how === "twin") pairs.splice(mutation.b, 0, nameOf(pair).toLowerCase() + pair.slice(nameOf(pair).length))
  if (mutation.how === "drop") pairs.splice(mutation.a, 1)
  return pairs.join("&")
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

const mutateEncoding = (token: string, how: Extract<Mutation, { readonly of: "encoding" }>["how"]): string => {
  if (how === "pad") return `${token}=`
  if (how === "bits") return token.slice(0, -1) + (ALPHABET[ALPHABET.indexOf(token.slice(-1)) ^ 1] ?? "")
  if (how === "standard") return token.replaceAll("-", "+").replaceAll("_", "/") + "="
  if (how === "line") return `${token.slice(0, 60)}\n${token.slice(60)}`
  if (how === "prefix") return token.replace(IAM_TOKEN_PREFIX, IAM_TOKEN_PREFIX.toUpperCase())
  return `Bearer ${token}`
}

const mutateHeader = (
  values: ReadonlyArray<string>,
  how: Extract<Mutation, { readonly of: "header" }>["how"],
  other: string
): ReadonlyArray<string> => {
  if (how === "twice") return [...values, ...values]
  if (how === "empty") return ["", ...values]
  if (how === "also-empty") return [...values, ""]
  if (how === "other") return [...values, other]
  return how === "comma" ? [[...values, other].join(", ")] : []
}

/** The `authorization` values that come of a URL. `urls`: those of other valid tokens, to take parts from. */
export const mutate = (
  url: string,
  mutations: ReadonlyArray<Mutation>,
  urls: ReadonlyArray<string>
): ReadonlyArray<string> => {
  let spoilt = url
  for (const one of mutations) {
    if (one.of === "url") spoilt = mutateText(spoilt, one)
    if (one.of === "host") spoilt = spoilt.replace(/^https:\/\/[^/]*/, `https://${one.text}`)
    if (one.of !== "query") continue
    const [start = "", ...rest] = spoilt.split("/?")
    spoilt = [start, mutateQuery(rest.join("/?"), one, urls)].join("/?")
  }
  let token = envelope(spoilt)
  for (const one of mutations) {
    if (one.of === "token") token = mutateText(token, one)
    if (one.of === "encoding") token = mutateEncoding(token, one.how)
  }
  return mutations.reduce<ReadonlyArray<string>>(
    (values, one) => one.of === "header" ? mutateHeader(values, one.how, envelope(urls[0] ?? "")) : values,
    [token]
  )
}
