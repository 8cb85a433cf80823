/** Names that DNS knows, as Kubernetes checks them. https://www.rfc-editor.org/rfc/rfc1123 */

const SUBDOMAIN = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
const MAX_LENGTH = 253

export const isSubdomain = (text: string): boolean =>
  text.length <= MAX_LENGTH && new RegExp(`^${SUBDOMAIN}$`).test(text)

export const SUBDOMAIN_RULE = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, " +
  "'-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation " +
  `is '${SUBDOMAIN}')`
