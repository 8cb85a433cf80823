/** Why the control plane could not be spoken to, in words that say what to look at. */

const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error ? String(error.code) : ""

const ADVICE: Readonly<Record<string, string>> = {
  ENOTFOUND: "its name doesn't resolve: check KUMA_CONTROL_PLANE_URL and the VPC's DNS",
  EAI_AGAIN: "DNS doesn't answer: check the VPC's DNS",
  ECONNREFUSED: "nothing listens there: is the control plane running, and is the port its dataplane server's (5678)?",
  ETIMEDOUT: "it doesn't answer: check security groups and routes from this task to the control plane's port 5678",
  EHOSTUNREACH: "there is no route to it: check the subnets' route tables",
  ENETUNREACH: "there is no route to it: check the subnets' route tables",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "its certificate isn't for this host: dial a name that the certificate has, or issue one that has this name",
  CERT_HAS_EXPIRED: "its certificate has expired: renew the control plane's certificate",
  EPROTO: "it doesn't speak TLS there: the port must be the dataplane server's (5678)"
}

const UNTRUSTED = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_SIGNATURE_FAILURE"
])

export const explainFailure = (error: unknown): string => {
  const code = codeOf(error)
  const message = error instanceof Error ? error.message || code : String(error)
  const advice = UNTRUSTED.has(code)
    ? "its certificate isn't from the CA that this task was given: set KUMA_CONTROL_PLANE_CA_CERT to the control plane's CA"
    : ADVICE[code]
  return advice === undefined ? message : `${advice} (${message})`
}
