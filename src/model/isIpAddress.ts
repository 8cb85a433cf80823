/** Whether a text is an IP address as Kuma reads them: no leading zeros, no zone, no port. */

const OCTET = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)"
const IPV4 = new RegExp(`^${OCTET}(\\.${OCTET}){3}$`)

export const isIpv4 = (text: string): boolean => IPV4.test(text)

/** How many of the eight groups a run of groups fills, or undefined where it is no such run. */
const groupsIn = (run: string, mayEndInIpv4: boolean): number | undefined => {
  if (run === "") return 0
  const groups = run.split(":")
  const last = groups.at(-1) ?? ""
  const endsInIpv4 = mayEndInIpv4 && isIpv4(last)
  const hex = endsInIpv4 ? groups.slice(0, -1) : groups
  return hex.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group)) ? groups.length + (endsInIpv4 ? 1 : 0) : undefined
}

/** `::` stands once, for at least one group. https://www.rfc-editor.org/rfc/rfc4291#section-2.2 */
export const isIpv6 = (text: string): boolean => {
  const [head = "", tail, ...more] = text.split("::")
  if (more.length > 0) return false
  if (tail === undefined) return groupsIn(head, true) === 8
  const [before, after] = [groupsIn(head, false), groupsIn(tail, true)]
  return before !== undefined && after !== undefined && before + after < 8
}

export const isIpAddress = (text: string): boolean => isIpv4(text) || isIpv6(text)
