/** What to change where a control plane's API can't be reached, by the error's code. Pure. */
const UNTRUSTED = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_SIGNATURE_FAILURE"
])

const remedy = (code: string, url: URL): string => {
  if (UNTRUSTED.has(code)) return "its certificate isn't of a CA that is trusted: give that CA in KUMA_API_CA_BYTES"
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return "its certificate has other names: dial by one of them"
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "EPROTO") {
    return "it doesn't speak TLS there: 5682 is the API's HTTPS port, 5681 its HTTP port"
  }
  if (code.startsWith("HPE_") || (code === "ECONNRESET" && url.protocol === "http:")) {
    return "it doesn't speak HTTP there: say https:// where it speaks TLS"
  }
  if (code === "ECONNREFUSED") return "nobody listens there: see KUMA_API_SERVER_URL, and whether the control plane runs"
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "its name isn't known: see KUMA_API_SERVER_URL"
  return "see KUMA_API_SERVER_URL, and whether the network lets this through"
}

export const whyUnreachable = (cause: Error, url: URL): string => {
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : ""
  return `${url.origin} can't be asked for a token: ${remedy(code, url)} (${cause.message})`
}
