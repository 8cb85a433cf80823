/** Every check of what a resource may name, and of what is shown of it, taken out, one at a time. */
import { type Mutant, mutant } from "./Mutant.ts"

const EXTERNAL = "cp/snapshot/ExternalBackend.ts"
const FILES = "cp/ca/readCaFile.ts"
const SHOWN = "cp/xds/publicParts.ts"
const OWN = "cp/server/readOwnResource.ts"

const SECRETS = "snapshot/externalSecrets.test.ts"
const READ = "ca/readSmallFile.test.ts"

const CLIENT_KEY = "are nobody's client key for as long as they are that, and may be trusted all the same"
const FOLDER = "is all that is read of, through links too, and by no detour"
const PUBLIC = "shows of a %s's TLS its certificates and nothing else, whatever stands there"
const BROUGHT = "is refused where it %s"

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
  mutant(67, "what begins like JSON", OWN, [`text.startsWith("{")`, "false"], "server/readOwnResource.test.ts", BROUGHT)
]
