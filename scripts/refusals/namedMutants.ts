/** Every check of what a resource may name, and of what is shown of it, taken out, one at a time. */
import { type Mutant, mutant } from "./Mutant.ts"

const EXTERNAL = "cp/snapshot/ExternalBackend.ts"
const FILES = "cp/ca/readCaFile.ts"
const SHOWN = "cp/xds/publicParts.ts"
const OWN = "cp/server/readOwnResource.ts"
const DENIED = "cp/api/deniedSecret.ts"
const PEM = "cp/snapshot/pemParts.ts"

const SECRETS = "snapshot/externalSecrets.test.ts"
const READ = "ca/readSmallFile.test.ts"

const COMMANDS = "model/logCommands.ts"
const FORMATS = "xds/formats.test.ts"
const TOLD = "has no word in a policy's formats and header values: %s"

const CLIENT_KEY = "are nobody's client key for as long as they are that, and may be trusted all the same"
const FOLDER = "is all that is read of, through links too, and by no detour"
const PUBLIC = "shows of a %s's TLS its certificates and nothing else, whatever stands there"
const BROUGHT = "is refused where it %s"
const SENT = "has no Secret sent to a proxy that an administrator didn't have sent, and changes the rest"
const UNWRITTEN = "a stored format that Envoy can't read, or that tells its environment, isn't written, and all else is"
const LIVES = "has no authority of a mesh live on Secrets that an administrator didn't name, and changes the rest"
const FITS = "is the key that fits the certificate, nothing that stands beside it, and nothing without a certificate"

export const NAMED_MUTANTS: ReadonlyArray<Mutant> = [
  mutant(
    64, "the authority's key", "cp/snapshot/MeshViews.ts",
    [`use === "key" && authoritySecrets(name, mesh.resource?.spec).has(secret) ? null : `, ""], SECRETS, CLIENT_KEY
  ),
  mutant(
    64, "that the mesh changed", "cp/snapshot/MeshViews.ts", ["mesh.named.touchSecret(secret)\n", "void secret\n"], SECRETS,
    CLIENT_KEY
  ),
  mutant(64, "the control plane's own", EXTERNAL, ["isOwnSecret(name)", "false"], SECRETS, "isn't %s"),
  mutant(65, "the folder", FILES, ["!isAbsolute(path) || !isWithin(resolve(folder), resolve(path))", "false"], READ, FOLDER),
  mutant(65, "links", FILES, ["isWithin(realFolder, real) ? real : null", "real"], READ, FOLDER),
  mutant(
    65, "that there is one", FILES, ["if (folder === null) {", "if (folder === null && path === \"\") {"], READ,
    "is none where none is set, whatever is asked for"
  ),
  mutant(
    66, "what is read for TLS", SHOWN, ["within && isObject(inner) && heldBy(inner) !== null", "false"],
    "xds/publicParts.test.ts", PUBLIC
  ),
  mutant(
    66, "what stands beside a certificate", SHOWN, ["certificates.trim() === held.text.trim()", "true"],
    "xds/publicParts.test.ts", PUBLIC
  ),
  mutant(67, "how much YAML", OWN, ["Buffer.byteLength(text) > MAX_YAML", "false"], "server/readOwnResource.test.ts", BROUGHT),
  mutant(67, "what begins like JSON", OWN, [`text.startsWith("{")`, "false"], "server/readOwnResource.test.ts", BROUGHT),
  mutant(68, "who may read it", DENIED, ["return denied === null ? null", "return denied !== null ? null"],
    "api/userTokens.test.ts", SENT),
  mutant(68, "that it stood elsewhere", DENIED, ["stood.get(path) !== name", "![...stood.values()].includes(name)"],
    "api/userTokens.test.ts", SENT),
  mutant(68, "that it was written before", DENIED, ["stood.get(path) !== name", "!stood.has(path)"],
    "api/userTokens.test.ts", SENT),
  mutant(68, "of a Mesh", "model/secretSources.ts", ["return ofAuthorities(resource.spec)", "return new Map()"],
    "api/userTokens.test.ts", LIVES),
  mutant(69, "that the key fits", PEM, ["key !== null && leaf.checkPrivateKey(key)", "key !== null"], SECRETS, FITS),
  mutant(69, "what stands beside the key", PEM, ["{ pem: fitting }", "{ pem: text }"], SECRETS, FITS),
  mutant(69, "what isn't a certificate", PEM, ["{ pem: found.join(\"\") }", "{ pem: text }"], SECRETS,
    "gives its certificates and nothing that stands beside them"),
  mutant(
    69, "that of a CA only certificates are told", "cp/ca/CertificateAuthorityLive.ts", [".flatMap(certificatesOf)", ""],
    "ca/authorities.test.ts", "tells of a text that holds its key, too, the certificate alone"
  ),
  mutant(69, "a key without a certificate", EXTERNAL, ["text === null || clientCertificate === null", "text === null"],
    SECRETS, FITS),
  mutant(71, "of an access log", COMMANDS, [`of("ENVIRONMENT", refused(CREDENTIALS))`, `of("ENVIRONMENT", nameable(true))`],
    FORMATS, TOLD),
  mutant(71, "of a word in a word", COMMANDS, [`of("CEL COALESCE", refused(UNREAD))`, `of("CEL COALESCE", nameable(true))`],
    FORMATS, TOLD),
  mutant(71, "of what is stored", "cp/xds/logging/unusable.ts", [`validateLogBackend(backend, "").length === 0`, "true"],
    "xds/liveAccessLogs.test.ts", UNWRITTEN),
  mutant(71, "of a header's value", "cp/xds/route/routeFilters.ts", ["readFormat(value, isEnvoyWord)", "readFormat(value)"],
    FORMATS, TOLD),
  {
    refusal: 71, check: "what Envoy is given", file: "src/sidecar/Envoy.ts", edits: [["PASSED_ON.has(name)", "name !== \"\""]],
    test: { file: "test/sidecar/sidecar.test.ts", title: "gives its Envoy nothing of an environment that holds credentials" }
  }
]
