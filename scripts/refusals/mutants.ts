/** Every check of the door taken out, one at a time. Read by scripts/prove-refusals.ts. */
import { ADMIN_MUTANTS } from "./adminMutants.ts"
import { API_MUTANTS } from "./apiMutants.ts"
import { DOOR_MUTANTS } from "./doorMutants.ts"
import { LIMIT_MUTANTS } from "./limitMutants.ts"
import { type Mutant, mutant } from "./Mutant.ts"
import { NAMED_MUTANTS } from "./namedMutants.ts"

const ENVELOPE = "cp/auth/iam/decodeEnvelope.ts"
const URL_PARSER = "cp/auth/iam/parsePresignedUrl.ts"
const SCOPE = "cp/auth/iam/checkScope.ts"
const IAM = "cp/auth/iam/IamAuthenticator.ts"
const STS_CLIENT = "cp/auth/iam/StsClient.ts"
const ASK_STS = "cp/auth/iam/askSts.ts"
const STS_ANSWER = "cp/auth/iam/readStsAnswer.ts"
const PRINCIPAL = "cp/auth/iam/judgePrincipal.ts"
const TASK = "cp/auth/iam/judgeTask.ts"
const ROLES = "cp/auth/iam/RoleReader.ts"
const JWT = "cp/auth/token/verifyToken.ts"
const CLAIMS = "cp/auth/token/judgeClaims.ts"
const JSON_READER = "model/parseJson.ts"
const BINDING = "model/bindingValue.ts"
const ADS = "cp/server/AdsServer.ts"

const T = {
  envelope: "auth/iam/envelope.test.ts",
  url: "auth/iam/presignedUrl.test.ts",
  scope: "auth/iam/scope.test.ts",
  sts: "auth/iam/stsClient.test.ts",
  principal: "auth/iam/principal.test.ts",
  admission: "auth/iam/admission.test.ts",
  task: "auth/iam/observedTask.test.ts",
  judgeTask: "auth/iam/judgeTask.test.ts",
  role: "auth/iam/observedRole.test.ts",
  roleReader: "auth/iam/roleReader.test.ts",
  between: "auth/iam/betweenSteps.test.ts",
  ledger: "auth/iam/signatureLedger.test.ts",
  lost: "auth/iam/lostRight.test.ts",
  mutated: "auth/iam/mutatedTokens.test.ts",
  tokens: "auth/token/tokens.test.ts",
  doors: "server/doors.test.ts",
  secrets: "server/secrets.test.ts",
  port: "server/DataplaneServer.test.ts",
  ads: "server/AdsServer.test.ts",
  registration: "server/ProxyRegistration.test.ts",
  bootstrap: "bootstrap/Bootstrapper.test.ts"
} as const

const PROPERTY = "no mutation of a token that is let in changes who is meant"
const PARTS = `["ecs-mesh-binding-v1", audience, proxy.proxyType, proxy.mesh, proxy.name]`
const without = (part: string): readonly [string, string] => [PARTS, PARTS.replace(part, `""`)]
const HOST_EQUAL = "known.host === name"
const SCOPE_EQUAL = "if (parameters[name] !== expected) return"
const AUTH_LAYER = "cp/auth/authenticatorLayer.ts"

/** A key of roles that doesn't look at one of its parts: the first of those that are else alike stands for all. */
const keyWithout = (part: "accountId" | "roleId" | "partition"): readonly [string, string] => {
  const key = "new RoleKey({ partition, accountId, roleName, roleId })"
  const others = ["partition", "accountId", "roleName", "roleId"].filter((name) => name !== part).join(", ")
  const first = "const all = (globalThis.keys ??= new Map()); if (!all.has(name)) all.set(name, key); return all.get(name)"
  return [`Cache.get(roles, ${key})`, `Cache.get(roles, ((name, key) => { ${first} })([${others}].join(), ${key}))`]
}

const ASSUMED = ":sts::(\\d{12}):assumed-role\\/([\\w+=,.@-]{1,64})\\/([\\w+=,.@-]{2,64})$/"
const ANY_PRINCIPAL = ":(?:sts|iam)::(\\d{12}):(?:assumed-role|role|user|federated-user)" +
  "\\/([\\w+=,.@-]{1,64})(?:\\/([\\w+=,.@-]{2,64}))?$/"
/** Whatever a lax reader would take for the same list. */
const SAME_LIST = `[...new Set(parameters[name].toLowerCase().split(/[;,]/))].sort().join(";").includes(expected)`
const ANY_DATE = "if (date === undefined) return Result.succeed({ day: \"20260102\", expiresAt: now + 1 })"

export const MUTANTS: ReadonlyArray<Mutant> = [
  mutant(
    1, "length of a role's token", ENVELOPE, ["if (token.length > MAX_TOKEN_LENGTH) {", "if (false) {"], T.envelope,
    "refuses a token longer than 32 KiB before decoding it"
  ),
  mutant(
    1, "length of a JWT", JWT, ["if (token.length > MAX_TOKEN_LENGTH) {", "if (false) {"], T.tokens,
    "longer than 32 KiB before reading it"
  ),

  mutant(
    2, "prefix", ENVELOPE, ["if (!token.startsWith(IAM_TOKEN_PREFIX)) {", "if (false) {"], T.envelope,
    "refuses a token with a wrong prefix"
  ),
  mutant(
    2, "canonical base64url", ENVELOPE, [`bytes.toString("base64url") !== encoded`, "false"], T.envelope,
    "refuses base64url that isn't canonical:"
  ),
  mutant(2, "canonical base64url", ENVELOPE, [`bytes.toString("base64url") !== encoded`, "false"], T.mutated, PROPERTY),
  mutant(2, "UTF-8", ENVELOPE, ["fatal: true", "fatal: false"], T.envelope, "refuses bytes that aren't UTF-8"),
  mutant(
    2, "control characters", ENVELOPE, ["]/.test(url)) {", "]/.test(\"\")) {"], T.envelope,
    "refuses a control character in the URL"
  ),
  mutant(
    2, "one spelling of a JWT", JWT, ["if (!isCanonical(token)) {", "if (false) {"], T.tokens,
    "spelt in another way that says the same"
  ),

  mutant(
    3, "no credential", "cp/auth/presentedCredential.ts",
    [`credential === undefined || credential === ""`, "credential === undefined"], T.doors,
    "no authorization line, an empty one, and two of them are refused"
  ),
  mutant(
    3, "more than one credential", "cp/auth/presentedCredential.ts", ["others.length > 0", "false"], T.doors,
    "no authorization line, an empty one, and two of them are refused"
  ),
  mutant(
    3, "lines that Node drops", ADS, ["        keepRepeatedCredentials(grpc)\n", ""], T.doors,
    "no authorization line, an empty one, and two of them are refused"
  ),
  mutant(
    3, "lines at /bootstrap", "cp/bootstrap/Bootstrapper.ts",
    ["credentialsOf(call.authorization,", "credentialsOf([...new Set(call.authorization)],"], T.doors,
    "no authorization line, an empty one, and two of them are refused"
  ),
  mutant(
    3, "header and body that differ", "cp/bootstrap/Bootstrapper.ts", [": [...authorization, inBody]", ": [inBody]"],
    T.bootstrap, "takes the token from the header as well, and the same one from both"
  ),

  mutant(
    4, "bytes that are no message", "cp/server/adsService.ts",
    [`return { invalid: error instanceof Error ? error.message : "not a discovery request" }`, "throw error"], T.doors,
    "whatever is malformed gets an ordinary error, and a good task comes in afterwards:"
  ),
  mutant(
    4, "a body that isn't JSON", JSON_READER, [`return { problem: "isn't JSON" }`, "throw new Error()"], T.doors,
    "bodies of a bootstrap request"
  ),
  mutant(
    4, "a fault of our own", AUTH_LAYER,
    ["Effect.andThen(Effect.fail(faulty()))", "Effect.andThen(Effect.die(defect))"], T.between,
    "a fault of our own lets nobody in and takes no door down"
  ),

  mutant(
    5, "scheme", URL_PARSER, ["if (!url.startsWith(SCHEME)) return", "if (false) return"], T.url,
    "refuses a scheme that isn't exactly https:"
  ),
  mutant(
    6, "host to the letter: as URL reads it", URL_PARSER,
    [HOST_EQUAL, "URL.canParse(`https://${name}/`) && new URL(`https://${name}/`).hostname === known.host"], T.url,
    "refuses a host in disguise:"
  ),
  mutant(
    6, "host to the letter", URL_PARSER, [HOST_EQUAL, "name !== undefined && name.toLowerCase() === known.host"],
    T.mutated, PROPERTY
  ),
  mutant(
    7, "host of the configured set", URL_PARSER, [HOST_EQUAL, `name?.endsWith("amazonaws.com") === true`], T.url,
    "refuses a host that isn't one of the configured set:"
  ),
  mutant(7, "host", URL_PARSER, [HOST_EQUAL, "name !== undefined"], T.mutated, PROPERTY),
  mutant(
    8, "host of another partition", URL_PARSER, [HOST_EQUAL, `name?.startsWith("sts.") === true`], T.url,
    "refuses a host of another partition:"
  ),
  mutant(
    8, "partition of the role", PRINCIPAL, ["if (arnPartition !== partition) {", "if (false) {"], T.principal,
    "refuses a role of another partition"
  ),
  mutant(
    8, "partition of a configured host", AUTH_LAYER, [" || host.partition !== aws.partition", ""], T.admission,
    "a configuration that can't be served is refused at start:"
  ),
  mutant(
    9, "path", URL_PARSER, [`if (!rest.startsWith("/?")) return`, "if (false) return"], T.url,
    "refuses a path that isn't exactly /:"
  ),

  mutant(
    10, "allow-list of parameters", URL_PARSER, ["if (!isParameter(name)) {", "if (false) {"], T.url,
    "refuses a parameter that isn't allowed:"
  ),
  mutant(
    10, "every parameter is required", URL_PARSER,
    [`return found === undefined || found === ""`, "return found === undefined"], T.url,
    "refuses a URL without %s, or with an empty one"
  ),
  mutant(
    11, "duplicates", URL_PARSER, ["name.toLowerCase() === folded", "name === \"\""], T.url,
    "refuses a parameter that is there twice:"
  ),
  mutant(11, "duplicates", URL_PARSER, ["name.toLowerCase() === folded", "name === \"\""], T.mutated, PROPERTY),
  mutant(
    11, "duplicates compared without case", URL_PARSER, ["name.toLowerCase() === folded", "name === folded"], T.url,
    "refuses a parameter that is there twice:"
  ),
  mutant(
    11, "one percent-encoding", URL_PARSER, [" || `${uriEncode(name)}=${uriEncode(value)}` !== pair", ""], T.url,
    "refuses a query that two readers may read differently:"
  ),
  mutant(
    12, "action", SCOPE, [`  ["Action", "GetCallerIdentity", "ActionWrong"],\n`, ""], T.scope, "refuses the action %j"
  ),
  mutant(
    12, "version", SCOPE, [`  ["Version", "2011-06-15", "VersionWrong"],\n`, ""], T.scope, "refuses the version %j"
  ),
  mutant(13, "method", ASK_STS, [`method: "GET"`, `method: "POST"`], T.sts, "asks by GET and without a body"),
  mutant(
    13, "no body", ASK_STS, ["    call.end()\n", "    call.end(\"{}\")\n"], T.sts, "asks by GET and without a body"
  ),
  mutant(
    13, "method of /bootstrap", "cp/server/bootstrapListener.ts", [`if (request.method !== "POST") {`, "if (false) {"],
    T.bootstrap, "is the only door, and only for POST"
  ),
  mutant(
    14, "no Authorization header to STS", "cp/auth/iam/rebuildRequest.ts",
    ["headers: { host: call.host.host,", `headers: { authorization: "AWS4-HMAC-SHA256", host: call.host.host,`], T.sts,
    "brings no Authorization header beside the signed query"
  ),
  mutant(
    14, "an Authorization header beside a token", "cp/auth/presentedCredential.ts", ["others.length > 0", "false"],
    T.doors, "an Authorization header of SigV4's own is refused, alone and beside a token"
  ),

  mutant(
    15, "exactly these signed headers", SCOPE, [SCOPE_EQUAL, `if (!(${SAME_LIST})) return`], T.scope,
    "refuses signed headers that aren't exactly host and the binding:"
  ),
  mutant(
    16, "host is signed", SCOPE, [SCOPE_EQUAL, `if (!(";" + parameters[name]).endsWith(";x-ecs-mesh-binding")) return`],
    T.scope, "refuses a call whose host isn't signed"
  ),
  mutant(
    17, "binding is signed", SCOPE, [SCOPE_EQUAL, `if (!(parameters[name] + ";").startsWith("host;")) return`], T.scope,
    "refuses a call whose binding isn't signed"
  ),
  mutant(
    17, "an audience to bind to", AUTH_LAYER, [`if (audience === "") return`, "if (false) return"], T.admission,
    "a control plane that tokens couldn't be bound to is refused at start"
  ),
  mutant(
    18, "binding names the control plane", BINDING, without("audience"), T.admission,
    "refuses a token whose signature isn't for this:"
  ),
  mutant(
    18, "binding names the type", BINDING, without("proxy.proxyType"), T.admission,
    "refuses a token whose signature isn't for this:"
  ),
  mutant(
    18, "binding names the mesh", BINDING, without("proxy.mesh"), T.admission,
    "refuses a token whose signature isn't for this:"
  ),
  mutant(
    18, "binding names the proxy", BINDING, without("proxy.name"), T.admission,
    "refuses a token whose signature isn't for this:"
  ),
  mutant(
    18, "binding is unambiguous", BINDING, [`JSON.stringify(${PARTS})`, `${PARTS}.join(",")`], T.scope,
    "where a separator moves from name to name: %j"
  ),
  mutant(
    18, "zone of a zone token", CLAIMS, [`tokenZone !== "" && tokenZone !== zone`, "false"], T.tokens,
    "is refused in another zone"
  ),
  mutant(
    18, "mesh of a dataplane token", CLAIMS, [`mesh !== "" && mesh !== proxy.mesh`, "false"], T.tokens,
    "for another mesh, signed with this mesh's key"
  ),
  mutant(
    18, "name of a dataplane token", CLAIMS, [`name !== "" && name !== proxy.name`, "false"], T.tokens,
    "for another proxy"
  ),
  mutant(
    19, "no header but our own", "cp/auth/iam/rebuildRequest.ts",
    [`[BINDING_HEADER]: binding }`, `cookie: "a=b", [BINDING_HEADER]: binding }`],
    T.doors, "what a client sends beside its token reaches no STS"
  ),
  mutant(
    19, "headers as parameters", URL_PARSER, ["if (!isParameter(name)) {", "if (false) {"], T.url,
    "refuses whatever else a token may want to carry into the request:"
  ),
  mutant(
    20, "service", SCOPE, [`if (service !== "sts") return`, "if (false) return"], T.scope,
    "refuses a credential scope that isn't this day's, this region's and STS's:"
  ),
  mutant(
    20, "region", SCOPE, ["if (region !== host.region) {", "if (false) {"], T.scope,
    "refuses a credential scope that isn't this day's, this region's and STS's:"
  ),
  mutant(
    20, "day", SCOPE, ["if (scopeDay !== day) {", "if (false) {"], T.scope,
    "refuses a credential scope that isn't this day's, this region's and STS's:"
  ),
  mutant(
    20, "terminator", SCOPE, [` || terminator !== "aws4_request"`, ""], T.scope,
    "refuses a credential scope that isn't this day's, this region's and STS's:"
  ),
  mutant(
    20, "algorithm", SCOPE, [`  ["X-Amz-Algorithm", "AWS4-HMAC-SHA256", "AlgorithmWrong"],\n`, ""], T.scope,
    "refuses the algorithm %j"
  ),
  mutant(20, "algorithm of a JWT", JWT, [`algorithms: ["RS256"], `, ""], T.tokens, "refuses any algorithm but RS256:"),

  mutant(
    21, "age", SCOPE, ["if (expiresAt <= now) return", "if (false) return"], T.scope,
    "refuses one older than 15 minutes"
  ),
  mutant(
    21, "a date that is one", SCOPE,
    ["if (date === undefined) return", `${ANY_DATE}\n  if (date === undefined) return`], T.scope, "of the date"
  ),
  mutant(
    22, "dated ahead", SCOPE, ["if (date > now + MAX_AHEAD_MILLIS) {", "if (false) {"], T.scope,
    "refuses one more than 2 minutes ahead, and takes one less so"
  ),
  mutant(
    23, "range of X-Amz-Expires", SCOPE, ["if (expires < 1 || expires > MAX_EXPIRES_SECONDS) {", "if (false) {"],
    T.scope, "refuses X-Amz-Expires of %j"
  ),
  mutant(
    23, "own expiry", SCOPE, ["const expiresAt = date + expires * 1000", "const expiresAt = date + 900_000"], T.scope,
    "refuses a call whose own expiry has gone by, though STS wouldn't"
  ),
  mutant(
    24, "the binding, on every replica", BINDING, without("proxy.name"), T.doors,
    "a token that one replica took is refused from another proxy by every replica, and is good for its own"
  ),
  mutant(
    24, "who brought a signature", "cp/auth/iam/SignatureLedger.ts",
    [`entry.owner === owner ? "owned" : "foreign"`, `"owned"`], T.ledger,
    "refuses a signature that another proxy brought before"
  ),
  mutant(
    24, "who brought a signature, at the door", IAM, [`if (remembered === "foreign") {`, "if (false) {"], T.between,
    "refuses a replay at the door though STS vouches for whoever brings the token"
  ),
  mutant(
    24, "nothing is forgotten to make room", "cp/auth/iam/SignatureLedger.ts",
    [`if (entries.size >= capacity) return "full"`, `if (entries.size >= capacity) entries.clear()`], T.ledger,
    "refuses more than it can remember rather than forget one that is still good"
  ),
  mutant(
    24, "who can't be remembered isn't let in", IAM, [`if (remembered === "full") {`, "if (false) {"], T.between,
    "lets nobody in whose signature it couldn't remember"
  ),
  mutant(
    24, "address of the peer", TASK,
    ["if (claim.peerAddress === null || plainAddress(claim.peerAddress) !== address) {", "if (false) {"], T.judgeTask,
    "refuses an address that only resembles the task's"
  ),
  mutant(
    24, "a reconnect takes over", ADS, ["streams.of(key)?.stream.close(TAKEN_OVER)", ""], T.doors,
    "gives way to its own proxy's reconnect with the same token"
  ),
  mutant(
    25, "a refusal quotes nothing", ENVELOPE, ["`the token doesn't start with", "`${token} doesn't start with"],
    T.secrets, "nothing of a role's token is told to anybody"
  ),
  mutant(
    25, "a refused body isn't quoted", JSON_READER,
    [`return { problem: "isn't JSON" }`, "return { problem: `isn't JSON: ${text}` }"], T.secrets,
    "nothing of a role's token is told to anybody"
  ),
  mutant(
    25, "an answer names the token's file", "cp/bootstrap/bootstrapConfig.ts",
    ["google: tokenPath === null ? null", "google: tokenPath !== \"\" ? null"], T.secrets,
    "nothing of a role's token is told to anybody"
  ),
  mutant(
    25, "the judge of JWTs quotes nothing", JWT,
    [`"could not parse token: it isn't a JWT. Generate a new one"`, "`could not parse ${token}`"], T.secrets,
    "nothing of a dataplane token or a zone token is told to anybody"
  ),
  mutant(
    25, "a fault is redacted", AUTH_LAYER, ["fault: redact(String(defect))", "fault: String(defect)"], T.secrets,
    "nor by a fault of our own that quotes it"
  ),

  mutant(
    26, "redirects", STS_ANSWER, ["if (status >= 300 && status < 400) {", "if (false) {"], T.sts,
    "refuses to follow a redirect"
  ),
  mutant(
    27, "status", STS_ANSWER, ["if (status !== 200) return", "if (status >= 300) return"], T.sts,
    "refuses an answer that isn't a clean 200:"
  ),
  mutant(
    27, "content type", STS_ANSWER, ["?$/i.test(contentType)) {", "?$/i.test(\"application/json\")) {"], T.sts,
    "refuses an answer that isn't a clean 200:"
  ),
  mutant(
    27, "size", ASK_STS, ["if (size > MAX_BODY_BYTES) return", "if (false) return"], T.sts,
    "refuses an answer that isn't a clean 200:"
  ),
  mutant(
    28, "exactly one identity", STS_ANSWER,
    [`Schema.decodeUnknownOption(Success, { onExcessProperty: "error" })`, "Schema.decodeUnknownOption(Success)"],
    T.sts, "refuses JSON that isn't exactly one identity:"
  ),
  mutant(
    28, "duplicate keys of STS", JSON_READER,
    ["const duplicate = firstDuplicateKey(text)", "const duplicate: string | null = null"], T.sts,
    "refuses JSON that isn't exactly one identity:"
  ),
  mutant(
    29, "throttling is no denial", STS_ANSWER, ["if (THROTTLED.test(code)) {", "if (false) {"], T.sts,
    "is nobody's denial and is asked again"
  ),
  mutant(
    29, "an outage is no denial", STS_ANSWER, [" || UNAVAILABLE.test(code)", ""], T.sts,
    "is nobody's denial and is asked again"
  ),
  mutant(
    29, "only a denial is remembered", STS_CLIENT,
    [` && error.value._tag === "Refused" ? limits.deniedMillis : 0`, " ? limits.deniedMillis : 0"],
    T.sts, "is nobody's denial and is asked again"
  ),
  mutant(
    30, "cap on calls under way", STS_CLIENT, ["        places.withPermits(1),\n", ""], T.sts,
    "never has more exchanges under way than the cap"
  ),
  mutant(
    30, "cap on calls about one proxy", STS_CLIENT, ["if (others >= limits.concurrencyOfProxy) {", "if (false) {"],
    T.sts, "tokens for one proxy hold no more than their share of the places, and others come through"
  ),
  mutant(
    30, "one call for one token", STS_CLIENT,
    ["Cache.get(answers, new Question(request))", "ask(new Question(request))"], T.sts,
    "asks once for one token, however many wait"
  ),
  mutant(
    30, "a denial is remembered", STS_CLIENT, ["? limits.deniedMillis : 0", "? 0 : 0"], T.sts,
    "a denial is remembered for a short while only"
  ),
  mutant(
    30, "no call for a task that nobody saw", IAM,
    ["if (claimed === undefined) return", "if (claimed === undefined && false) return"], T.between,
    "doesn't call AWS for a task that nobody has seen"
  ),
  mutant(
    30, "no call for a connection from elsewhere", IAM, ["if (auth.checkPeerAddress) yield*", "if (false) yield*"],
    T.between, "doesn't call AWS for a connection that doesn't come from the task"
  ),
  mutant(
    31, "deadline", STS_CLIENT, ["duration: limits.deadlineMillis,", "duration: 3_600_000,"], T.sts,
    "ends an exchange whose body drips, though each byte comes in time, and closes the connection"
  ),
  mutant(
    31, "the connection is closed", ASK_STS, ["return Effect.sync(() => call.destroy())", "return Effect.void"], T.sts,
    "ends an exchange whose body drips, though each byte comes in time, and closes the connection"
  ),
  mutant(
    31, "deadline of IAM", ROLES, ["duration: DEADLINE_MILLIS,", "duration: 3_600_000,"], T.roleReader,
    "it drips: one deadline ends the call and its connection"
  ),
  mutant(
    31, "deadline of a bootstrap request", "cp/server/DataplaneServer.ts", [`        http.emit("listening")\n`, ""],
    T.port, "ends a request %s, though each byte comes in time"
  ),

  mutant(
    32, "a role that is assumed", PRINCIPAL, [ASSUMED, ANY_PRINCIPAL], T.principal,
    "refuses a principal that isn't an assumed role:"
  ),
  mutant(
    33, "an empty list", "cp/auth/iam/judgeAccount.ts",
    ["authorized.includes(accountId)", "authorized.length === 0 || authorized.includes(accountId)"], T.principal,
    "refuses everyone where the list is empty"
  ),
  mutant(
    33, "whole account ids", "cp/auth/iam/judgeAccount.ts",
    ["authorized.includes(accountId)", "authorized.some((listed) => accountId.startsWith(listed))"], T.principal,
    "refuses one that isn't listed, in full"
  ),
  mutant(
    33, "account, at the door", IAM, ["        yield* judgeAccount(session.accountId, aws.authorizedAccountIds)\n", ""],
    T.admission, "refuses everybody where none is authorized"
  ),
  mutant(
    33, "a foreign account without a role", ROLES,
    ["if (!foreign && (yield* ownAccount) !== key.accountId) {", "if (false) {"], T.admission,
    "refuses a foreign one that is authorized but has no role to read tags by"
  ),
  mutant(
    34, "no extra slash", PRINCIPAL,
    ["assumed-role\\/([\\w+=,.@-]{1,64})\\/", "assumed-role\\/([\\w+=,.@/-]{1,64})\\/"], T.principal,
    "refuses an ARN that only looks like an assumed role's:"
  ),
  mutant(
    34, "the whole ARN", PRINCIPAL, ["const ARN = /^arn", "const ARN = /arn"], T.principal,
    "refuses an ARN that only looks like an assumed role's:"
  ),
  mutant(
    34, "partition of the task's role", TASK, ["role.partition !== session.partition || ", ""], T.judgeTask,
    "refuses a session of a role that differs from the task's in nothing but"
  ),
  mutant(
    34, "account of the task's role", TASK, ["role.accountId !== session.accountId || ", ""], T.judgeTask,
    "refuses a session of a role that differs from the task's in nothing but"
  ),
  mutant(
    34, "whole name of the task's role", TASK,
    ["role.name !== session.roleName", "!role.name.startsWith(session.roleName)"], T.judgeTask,
    "refuses a session of a role that differs from the task's in nothing but"
  ),
  mutant(
    34, "path of the task's role", IAM, ["if (taskOf(claim.name)?.taskRoleArn !== role.arn) {", "if (false) {"], T.task,
    "refuses one whose role has the same name in another account, partition or path"
  ),
  mutant(
    35, "account agrees", PRINCIPAL, ["accountId !== caller.account || ", ""], T.principal,
    "refuses account, ARN and user id that don't agree:"
  ),
  mutant(
    35, "session agrees", PRINCIPAL, [" || userId?.[2] !== sessionName", ""], T.principal,
    "refuses account, ARN and user id that don't agree:"
  ),
  mutant(
    36, "account in the key", ROLES, keyWithout("accountId"), T.roleReader,
    "what is remembered of a role is told apart by"
  ),
  mutant(
    36, "unique id in the key", ROLES, keyWithout("roleId"), T.roleReader,
    "what is remembered of a role is told apart by"
  ),
  mutant(
    36, "partition in the key", ROLES, keyWithout("partition"), T.roleReader,
    "what is remembered of a role is told apart by"
  ),
  mutant(
    36, "headers in the key of STS's answers", STS_CLIENT, ["[endpoint, path, headers]", "[endpoint, path]"], T.sts,
    "an identity is remembered for a minute, and only for the very same request"
  ),
  mutant(
    37, "unique id, by IAM", ROLES, ["if (Role.RoleId !== key.roleId) {", "if (false) {"], T.role,
    "refuses one that was deleted and created anew under the same name"
  ),
  mutant(
    37, "unique id, as observed", TASK, ["if (task.role.roleId !== session.roleId) {", "if (false) {"], T.judgeTask,
    "refuses a session whose role has another unique id"
  ),
  mutant(
    38, "session is the proxy's task", TASK, ["if (session.sessionName !== claim.name) {", "if (false) {"], T.task,
    "refuses to take over another task's proxy, with a session of the same role"
  ),
  mutant(
    38, "role is the task's", TASK, ["    yield* judgeRole(task, session)\n", ""], T.task,
    "refuses a session that somebody else named after another task"
  ),
  mutant(38, "task runs", TASK, ["    yield* judgeLife(task)\n", ""], T.judgeTask, "refuses a task whose status is %j"),
  mutant(
    38, "task was accepted before its stop", TASK,
    ['if (task.phase !== "draining" || task.proxy !== null) return passed', "if (task.phase !== null) return passed"],
    T.judgeTask, "for its stop where it wasn't decided on"
  ),
  mutant(
    38, "task may be this proxy", TASK, ["    yield* judgeProxy(task, claim)\n", ""], T.task,
    "refuses one that may be in another mesh, or of another type"
  ),
  mutant(
    38, "declared address", TASK,
    ["if (declaredAddress !== undefined && plainAddress(declaredAddress) !== address) {", "if (false) {"], T.task,
    "refuses a Dataplane that declares another address than the task's"
  ),
  mutant(
    39, "tags, by IAM", IAM,
    ["      yield* Effect.fromResult(judgeRoleTags(role, claim, declaredProxy(resources, claim)))\n", ""], T.role,
    "refuses tags that IAM doesn't have, though the operator's observation does"
  ),
  mutant(
    39, "required tags", "model/tagrules/judgeTags.ts", ["  requiredRoleTags,\n", ""], T.role, "of the role's tags"
  ),
  mutant(
    39, "type of the role", "model/tagrules/judgeTags.ts", ["  typeMatches,\n", ""], T.role,
    "refuses to open an ingress with a dataplane's role"
  ),
  mutant(39, "mesh of the role", "model/tagrules/judgeTags.ts", ["  meshMatches,\n", ""], T.role, "of the role's tags"),
  mutant(
    39, "service of the role", "model/tagrules/judgeTags.ts", ["  serviceRestricted,\n", ""], T.role,
    "refuses a Dataplane that stands for another service than the role's"
  ),
  mutant(
    39, "age of remembered tags", ROLES, ["? ROLE_MAX_AGE_MILLIS : 0", "? 3_600_000 : 0"], T.roleReader,
    "what is remembered of a role is asked for again before a minute has gone by"
  ),
  mutant(
    39, "remembered tags go with the event", ROLES, ["Effect.runSync(Cache.invalidate(roles, key))", "void key"],
    T.role, "drops what it remembers of a role as soon as the operator observes another state of it"
  ),
  mutant(
    40, "one node a stream", "cp/server/acceptCall.ts",
    ["request.node.id !== \"\" && request.node.id !== nodeName", "false"], T.doors,
    "may leave its node out later on, but not name another"
  ),
  mutant(
    40, "the node may be left out", "cp/server/acceptCall.ts",
    ["request.node.id !== \"\" && request.node.id !== nodeName", "request.node.id !== nodeName"], T.doors,
    "may leave its node out later on, but not name another"
  ),
  mutant(
    41, "a live proxy is its task's", TASK, ["if (session.sessionName !== claim.name) {", "if (false) {"], T.doors,
    "nobody takes over another's live proxy, whose stream stays"
  ),
  mutant(
    41, "whose Dataplane is replaced", "cp/server/ownResources.ts",
    ["    if (foreign !== null) return yield* foreign\n", ""], T.registration,
    "a proxy's own Dataplane takes the place of no other than one that its token is for"
  ),
  mutant(
    42, "a stream's right is looked at again", "cp/server/RightsWatch.ts",
    ["if (lost !== null) this.#options.onLost(open, lost)", ""], T.ads,
    "is closed within seconds of its token's revocation, the others stay"
  ),
  mutant(
    42, "revocation", "cp/auth/token/isRevoked.ts", ["return ids.has(tokenId)", "return ids.has(\"\")"], T.tokens,
    "the token is revoked, alone or among others"
  ),
  mutant(
    42, "what an open stream of a role loses", IAM,
    [`judged.failure._tag === "Refused" ? judged.failure`, `judged.failure._tag === "" ? judged.failure`],
    T.lost, "an open stream loses its right when"
  ),
  mutant(
    42, "a task that is gone", IAM, ["if (taskOf(identity.taskId) === undefined) {", "if (false) {"], T.lost,
    "the task is gone"
  ),
  mutant(
    42, "tags, as observed", IAM,
    ["        if (task?.role != null) yield* judgeRoleTags(task.role, claim, declared)\n", ""], T.lost,
    "a tag that it needs is removed"
  ),
  mutant(
    43, "duplicate keys at /bootstrap", JSON_READER,
    ["const duplicate = firstDuplicateKey(text)", "const duplicate: string | null = null"], T.doors,
    "a bootstrap request that names a key twice is refused:"
  ),
  mutant(
    43, "two spellings of one key", JSON_READER,
    [`literal.includes("\\\\") ? String(JSON.parse(literal)) : literal.slice(1, -1)`, "literal.slice(1, -1)"], T.doors,
    "a bootstrap request that names a key twice is refused:"
  ),
  mutant(
    43, "parts of a request for a bootstrap", "cp/bootstrap/decodeBootstrapRequest.ts",
    ["if (excess !== null)", "if (false)"], "bootstrap/decodeBootstrapRequest.test.ts",
    "has so much of %s and no more, before it is decoded"
  ),
  mutant(
    44, "a failed read is no denial", "cp/auth/iam/roleFailure.ts",
    [`const name = error instanceof Error ? error.name : ""`, `const name = "NoSuchEntity"`], T.roleReader,
    "an IAM that can't tell lets nobody in:"
  ),
  mutant(
    44, "a failed read isn't remembered", ROLES,
    ["? ROLE_MAX_AGE_MILLIS : 0", "? ROLE_MAX_AGE_MILLIS : ROLE_MAX_AGE_MILLIS"], T.roleReader,
    "and what it couldn't tell is asked again"
  ),
  mutant(
    44, "IAM tells of the role that was asked for", ROLES,
    [" || arn.accountId !== key.accountId ||\n            arn.name !== key.roleName", ""], T.roleReader,
    "an IAM that can't tell lets nobody in:"
  ),
  mutant(
    44, "a role that wasn't read yet", TASK,
    ["if (task.role === null) return wait(", "if (task.role === null) return passed\n  if (false) return wait("],
    T.task, "judges one that %s"
  ),
  mutant(
    44, "a task that wasn't seen", TASK,
    ["if (task === undefined) return taskNotSeen()", "if (task === undefined) return passed"], T.judgeTask,
    "waits for a task that the operator hasn't seen"
  ),
  ...API_MUTANTS,
  ...ADMIN_MUTANTS,
  ...DOOR_MUTANTS,
  ...NAMED_MUTANTS,
  ...LIMIT_MUTANTS
]
