/** `host:port` as two. An IPv6 address stands in brackets, but where it stands alone. Pure. */
import { isIpv6 } from "./isIpAddress.ts"
import { isAddress } from "./validate/validateAddress.ts"

export interface HostPort {
  readonly host: string
  readonly port: number
}

const PARTS = /^(?:\[([^[\]]*)\]|([^:[\]]*))(?::(\d*))?$/

/** Undefined where it can't be dialled. `otherwise`: the port where none is named; null: one has to be. */
export const readHostPort = (text: string, otherwise: number | null = null): HostPort | undefined => {
  if (isIpv6(text)) return otherwise === null ? undefined : { host: text, port: otherwise }
  const [, bracketed, plain, said = ""] = PARTS.exec(text) ?? []
  const host = bracketed ?? plain ?? ""
  const port = said === "" ? otherwise : Number(said)
  const isHost = bracketed === undefined ? isAddress(host) : isIpv6(host)
  return !isHost || port === null || port < 1 || port > 65_535 ? undefined : { host, port }
}
