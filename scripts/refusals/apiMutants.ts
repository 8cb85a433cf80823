/** Every check of the API's door taken out, one at a time. */
import { type Mutant, mutant } from "./Mutant.ts"

const ADMIT = "cp/api/admit.ts"
const USERS = "cp/auth/user/UserAuthenticator.ts"
const ACCESS = "cp/auth/user/Access.ts"
const LOOPBACK = "cp/api/isDirectLoopback.ts"
const CLIENTS = "cp/api/clientCertificates.ts"
const READ = "cp/api/readRequest.ts"
const JWT = "cp/auth/token/verifyToken.ts"

const T = {
  users: "api/userTokens.test.ts",
  loopback: "api/isDirectLoopback.test.ts",
  clients: "api/clientCertificates.test.ts",
  limits: "api/limits.test.ts"
} as const

const ANONYMOUS = "gets GET / and nothing more, and is told how to log in"
const KIND = "one of another kind, though the key is good"
const RESERVED = "reads and writes what isn't reserved, and no secrets, tokens or journal"
const CERTIFICATES = "a certificate of the folder, or of who signs them, makes an administrator; no other gets in"

export const API_MUTANTS: ReadonlyArray<Mutant> = [
  mutant(
    45, "nobody unknown", ADMIT, ["if (isAnonymous(user) && !config.anonymousAccess)", "if (false)"], T.users, ANONYMOUS
  ),
  mutant(
    45, "who is anonymous", "cp/auth/user/User.ts",
    [`export const isAnonymous = ({ method }: User): boolean => method === "none"`,
      "export const isAnonymous = (_: User): boolean => false"], T.users, ANONYMOUS
  ),
  mutant(
    45, "the spelling of Bearer", USERS,
    ["credential.startsWith(BEARER)", "credential.toLowerCase().startsWith(BEARER.toLowerCase())"], T.users,
    "stays so with `%s`"
  ),
  mutant(
    46, "the peer's address", LOOPBACK, ["if (!isLoopback(remoteAddress)) return false\n", ""], T.loopback,
    "a request isn't direct"
  ),
  mutant(
    46, "proxies", LOOPBACK, ["if (FORWARDED.some((name) => headers[name] !== undefined)) return false\n", ""],
    T.loopback, "a request isn't direct"
  ),
  mutant(
    46, "the host's name", LOOPBACK, ["authority === null || !isLoopback(authority.host)", "authority === null"],
    T.loopback, "a request isn't direct"
  ),
  mutant(
    46, "what a browser says of the site", LOOPBACK,
    [`["sec-fetch-site"]?.toString()`, `["x-sec-fetch-site"]?.toString()`], T.loopback, "a request isn't direct"
  ),
  mutant(
    46, "the page's origin", LOOPBACK, ["|| isSameOrigin(origin, host)", "|| isSameOrigin(origin, host) || true"],
    T.loopback, "a request isn't direct"
  ),
  mutant(
    46, "localhost is nobody special", USERS,
    ["if (localhostIsAdmin && isDirectLoopback)", "if (isDirectLoopback)"], T.users,
    "on this machine is admin whatever token it brings, and isn't where localhost is nobody special"
  ),
  mutant(
    47, "the signature", JWT,
    ["try: () => jwtVerify(token, key, { algorithms: [\"RS256\"], currentDate: new Date(now) }),",
      `try: async () => ({ payload: JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) }),`],
    T.users, "one that nobody signed, or another key did"
  ),
  mutant(
    48, "a name", "cp/auth/token/claims.ts", ["Name: Schema.NonEmptyString", "Name: Schema.String"], T.users, KIND
  ),
  mutant(
    48, "claims", USERS, ["if (claims === undefined) {", "if (claims === undefined && false) {"], T.users, KIND
  ),
  mutant(
    49, "times", JWT, ["currentDate: new Date(now)", "clockTolerance: 1e9, currentDate: new Date(now)"], T.users,
    "one that is over, isn't yet, or can't be revoked"
  ),
  mutant(
    49, "an id", JWT,
    ["jti: Schema.NonEmptyString", "jti: Schema.String.pipe(Schema.withDecodingDefaultKey(() => \"\"))"],
    T.users, "one that is over, isn't yet, or can't be revoked"
  ),
  mutant(
    50, "more than one", USERS, ["if (others.length > 0) {", "if (false) {"], T.users,
    "two at a time, were they the same"
  ),
  mutant(
    50, "lines that Node drops", READ,
    [`incoming.headersDistinct["authorization"] ?? []`, "[headers.authorization ?? \"\"]"],
    T.users, "two at a time, were they the same"
  ),
  mutant(
    51, "revocations", USERS, ["if (isRevoked(secrets, USER_TOKENS, tokenId)) {", "if (false) {"], T.users,
    "one on the list of revocations, from the answer on"
  ),
  mutant(
    51, "what the store says now", USERS,
    ["before !== undefined && before.spec.data === now.spec.data", "before !== undefined"], T.users,
    "one whose key is gone or another; the highest key signs"
  ),
  mutant(
    52, "a key that is gone", USERS,
    ["if (now === null) return []",
      "if (now === null) return [remembered.get(key.name)].flatMap((one) => one ?? [])"],
    T.users, "one whose key is gone or another; the highest key signs"
  ),
  mutant(53, "who may", ACCESS, ["isGranted(access[action], user) ? null", "true ? null"], T.users, RESERVED),
  mutant(
    53, "secrets", ADMIT, ["route.descriptor.adminOnly", "false"], T.users, RESERVED
  ),
  mutant(
    53, "tokens", ADMIT, [`user: "generateUserToken"`, `user: "viewStats"`], T.users, RESERVED
  ),
  mutant(
    53, "a name is no proof", ACCESS,
    ["users.includes(user.name) ||", "users.includes(user.name) || user.name === \"mesh-system:admin\" ||"],
    T.users, "is an administrator by name or by group, as the static access says"
  ),
  mutant(
    54, "a store that doesn't answer", USERS,
    [`Effect.catchTag("NotFound", () => Effect.succeed(null))`, "Effect.catchCause(() => Effect.succeed(null))"],
    T.users, "lets nobody in by a token, and says so"
  ),
  mutant(
    55, "certificates of strangers", CLIENTS,
    ["if (!socket.authorized && !isListed(certificate, check)) return socket.destroy()\n", ""], T.clients, CERTIFICATES
  ),
  mutant(
    55, "which is listed", CLIENTS, ["listed.some(({ raw }) => raw.equals(certificate.raw))", "listed.length > 0"],
    T.clients, CERTIFICATES
  ),
  mutant(
    56, "none where one is required", CLIENTS, ["if (check.required) socket.destroy()", ""], T.clients,
    "a certificate that is required opens the connection, and makes nobody an administrator"
  ),
  mutant(
    56, "who is an administrator", USERS,
    [`if (type === "adminClientCerts" && hasClientCertificate)`, "if (hasClientCertificate)"],
    T.clients, "a certificate that is required opens the connection, and makes nobody an administrator"
  ),
  mutant(
    57, "guesses", ADMIT, ["if (counts && !wrongTokens.take(place, now)) return", "if (false) return"], T.limits,
    "who guess tokens are stopped before each guess is judged"
  ),
  mutant(
    57, "requests", ADMIT,
    [`if (user.method !== "localhost" && !requests.take(`, `if (false && !requests.take(`],
    T.limits, "who ask too often are told so, while this machine goes on, and each user has its own"
  ),
  mutant(
    58, "depth", "cp/api/readResource.ts", ["if (problem !== null)", "if (false)"], T.limits,
    "that is nested deeply in %s is refused, with no fault of ours"
  ),
  mutant(
    58, "parts", "model/unkeepable.ts", ["if (parts > MAX_PARTS)", "if (false)"], T.limits,
    "of more %s than any resource has is refused before it is decoded, which would take long"
  ),
  mutant(
    58, "YAML", "cp/api/readResource.ts", ["if (Buffer.byteLength(body) > MAX_YAML)", "if (false)"], T.limits,
    "of YAML may be 32 KiB, one of JSON 1 MiB"
  ),
  mutant(58, "UTF-8", READ, ["fatal: true", "fatal: false"], T.limits, "that isn't UTF-8 is refused, not mended"),
  mutant(
    58, "size", READ, ["if (size > MAX_BODY) return", "if (false) return"], "api/ApiServer.test.ts",
    "refuses a body of more than 1 MiB, announced or not, and goes on serving"
  ),
  mutant(
    59, "words of a refusal", ADMIT,
    ["Effect.fail(invalidToken(message))", "Effect.fail(invalidToken(head.caller.credentials.join()))"],
    T.users, "and nothing of it is told"
  )
]
