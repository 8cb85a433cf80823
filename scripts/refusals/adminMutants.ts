/** Every check between a control plane and the Envoys that it asks taken out, one at a time. */
import { type Mutant, mutant } from "./Mutant.ts"

const LISTENER = "cp/xds/listener/admin.ts"
const ASK = "cp/admin/askEnvoy.ts"

const LIVE = "admin/liveAdmin.test.ts"
const BESIDE = "admin/EnvoyAdmin.test.ts"

const SHUT = "is shut to whoever isn't a control plane of its own"
const NOTHING_ELSE = "does nothing but tell of statistics and clusters, not even for the control plane"
const NOT_BELIEVED = "isn't believed"

const NAMED = `matchTypedSubjectAltNames: [{
          sanType: SubjectAltNameMatcher_SanType.DNS,
          matcher: { matchPattern: { case: "exact", value: ADMIN_CLIENT } }
        }]`

export const ADMIN_MUTANTS: ReadonlyArray<Mutant> = [
  {
    refusal: 60,
    check: "a certificate",
    file: `src/${LISTENER}`,
    // Envoy asks for one, too, where it is to have a name.
    edits: [
      ["requireClientCertificate: true", "requireClientCertificate: false", "src/cp/xds/tls.ts"],
      [NAMED, "matchTypedSubjectAltNames: []"]
    ],
    test: { file: `test/cp/${LIVE}`, title: SHUT }
  },
  mutant(
    60, "the control plane's name", LISTENER, [`case: "exact", value: ADMIN_CLIENT`, `case: "contains", value: "m"`], LIVE,
    SHUT
  ),
  mutant(60, "which proxy is meant", LISTENER, ["serverNames: [host]", "serverNames: []"], LIVE, SHUT),
  mutant(60, "reading alone", LISTENER, [`case: "exact", value: "GET"`, `case: "contains", value: "T"`], LIVE, NOTHING_ELSE),
  mutant(
    60, "two paths alone", LISTENER, [`pathSpecifier: { case: "path", value: path },`,
      `pathSpecifier: { case: "prefix", value: "/" },`], LIVE, NOTHING_ELSE
  ),
  mutant(
    60, "none of it in the clear", LISTENER, [`transportProtocol: "raw_buffer" }, filters: [ready]`,
      `transportProtocol: "raw_buffer" }, filters: [statistics]`], LIVE,
    "says in the clear whether the proxy is ready, as before, and nothing else"
  ),
  mutant(61, "who signed it", ASK, ["rejectUnauthorized: true", "rejectUnauthorized: false"], BESIDE, NOT_BELIEVED),
  mutant(
    61, "a server's name", ASK, ["checkServerIdentity(ADMIN_SERVER, certificate)", "undefined"], BESIDE, NOT_BELIEVED
  ),
  mutant(61, "a plain answer", ASK, ["response.statusCode !== 200", "false"], BESIDE, "is asked nowhere else"),
  mutant(61, "an address", "cp/admin/EnvoyAdmin.ts", ["!isAskable(question.address)", "false"], BESIDE, "is asked nowhere else")
]
