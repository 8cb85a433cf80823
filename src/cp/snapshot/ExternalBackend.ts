/**
 * What is called outside of the mesh: where it is and how it proves who it is. Receives a MeshExternalService or an
 * ExternalService, with the Secrets that it names; what of it can't be had says why, and nothing is called then.
 */
import type { DataSource } from "../../model/DataSource.ts"
import type { ExternalService } from "../../model/ExternalService.ts"
import type { ExternalTls, MeshExternalService, SanMatch, Verification } from "../../model/MeshExternalService.ts"
import type { Tags } from "../../model/Tags.ts"
import { isIpAddress } from "../../model/isIpAddress.ts"
import { isOwnSecret } from "../../model/ownSecret.ts"
import { certificatesIn, keyIn, type PemPart } from "./pemParts.ts"

export interface ExternalEndpointView {
  /** An IP address or a hostname. */
  readonly address: string
  readonly port: number
  readonly priority: number
}

/** `System`: whom the proxy's own system trusts. `Anybody`: then its names can't be held against it either. */
export type Trust =
  | { readonly _tag: "Pem"; readonly pem: string }
  | { readonly _tag: "System" }
  | { readonly _tag: "Anybody" }

export interface ExternalTlsView {
  /** Who must have signed its certificate. */
  readonly trust: Trust
  readonly clientCertificate: string | null
  readonly clientKey: string | null
  /** Asked for by SNI, null: none. */
  readonly serverName: string | null
  /** What the certificate must name, one of them; empty: anything. */
  readonly names: ReadonlyArray<SanMatch>
  readonly allowRenegotiation: boolean
  readonly minVersion: TlsVersion
  readonly maxVersion: TlsVersion
}

export type TlsVersion = NonNullable<ExternalTls["version"]>["min"]

export interface ExternalBackend {
  readonly endpoints: ReadonlyArray<ExternalEndpointView>
  readonly tls: ExternalTlsView | null
  /** Why it can't be called, or null. */
  readonly problem: string | null
}

export type SecretUse = "certificate" | "key"

/** Content of a Secret of the mesh in base64; undefined where it isn't there, null where it isn't for this use. */
export type ReadSecret = (name: string, use: SecretUse) => string | null | undefined

class Unreadable extends Error {}

const read = (
  source: DataSource | undefined,
  what: string,
  secret: ReadSecret,
  use: SecretUse = "key"
): string | null => {
  if (source === undefined) return null
  if (source.inlineString !== undefined) return source.inlineString
  const inline = source.inline
  if (inline !== undefined) return Buffer.from(inline, "base64").toString()
  if (source.file !== undefined) throw new Unreadable(`${what}.file isn't read: put the content into a Secret`)
  const name = source.secret ?? ""
  if (isOwnSecret(name)) throw new Unreadable(`${what} names the Secret "${name}", which is the control plane's own`)
  const data = source.secret === undefined ? undefined : secret(name, use)
  if (data === null) throw new Unreadable(`${what} names the Secret "${name}", which the mesh's authority signs with`)
  if (data === undefined) throw new Unreadable(`${what} names the Secret "${name}", which isn't there`)
  return Buffer.from(data, "base64").toString()
}

const named = (source: DataSource | undefined, what: string): string =>
  source?.secret === undefined ? what : `${what} names the Secret "${source.secret}"`

const partOf = (part: PemPart, source: DataSource | undefined, what: string): string => {
  if ("why" in part) throw new Unreadable(`${named(source, what)}: ${part.why}`)
  return part.pem
}

/** The certificates alone: what is shown as one must hold no key that stands beside it, or in its place. */
const readCertificates = (source: DataSource | undefined, what: string, secret: ReadSecret): string | null => {
  const text = read(source, what, secret, "certificate")
  return text === null ? null : partOf(certificatesIn(text), source, what)
}

interface ClientSources {
  readonly clientCert?: DataSource
  readonly clientKey?: DataSource
}

/** Who calls. One without the other is of no use; a key goes to nobody but with the certificate that it is of. */
const readClient = ({ clientCert, clientKey }: ClientSources, path: string, secret: ReadSecret) => {
  const clientCertificate = readCertificates(clientCert, `${path}.clientCert`, secret)
  const text = read(clientKey, `${path}.clientKey`, secret)
  return {
    clientCertificate,
    clientKey: text === null || clientCertificate === null
      ? null
      : partOf(keyIn(text, clientCertificate), clientKey, `${path}.clientKey`)
  }
}

const NOBODY = { clientCertificate: null, clientKey: null }

/** Names of the Secrets that it reads. */
export const secretsOf = (sources: ReadonlyArray<DataSource | undefined>): ReadonlyArray<string> =>
  sources.flatMap((source) => source?.secret ?? [])

const exactly = (name: string): ReadonlyArray<SanMatch> => [{ type: "Exact", value: name }]

const guarded = (
  endpoints: ReadonlyArray<ExternalEndpointView>,
  tls: () => ExternalTlsView | null
): ExternalBackend => {
  try {
    return { endpoints, tls: tls(), problem: null }
  } catch (error) {
    if (error instanceof Unreadable) return { endpoints, tls: null, problem: error.message }
    throw error
  }
}

const ANYBODY: Trust = { _tag: "Anybody" }
const SYSTEM: Trust = { _tag: "System" }

const tlsOf = (tls: ExternalTls, first: string, secret: ReadSecret): ExternalTlsView => {
  const given: Partial<Verification> = tls.verification ?? {}
  const mode = given.mode ?? "Secured"
  const path = "spec.tls.verification"
  const serverName = given.serverName || (isIpAddress(first) ? null : first)
  const skipsCa = mode === "SkipCA" || mode === "SkipAll"
  const ca = skipsCa ? null : readCertificates(given.caCert, `${path}.caCert`, secret)
  const isAnonymous = mode === "SkipAll"
  return {
    trust: skipsCa ? ANYBODY : ca === null ? SYSTEM : { _tag: "Pem", pem: ca },
    ...isAnonymous ? NOBODY : readClient(given, path, secret),
    serverName,
    names: skipsCa || mode === "SkipSAN" ? [] : [...exactly(serverName ?? first), ...given.subjectAltNames ?? []],
    allowRenegotiation: tls.allowRenegotiation,
    minVersion: tls.version?.min ?? "TLSAuto",
    maxVersion: tls.version?.max ?? "TLSAuto"
  }
}

export const ofMeshExternalService = (
  { endpoints = [], tls }: MeshExternalService,
  secret: ReadSecret
): ExternalBackend =>
  guarded(
    endpoints.map(({ address, port, priority = 0 }) => ({ address, port, priority })),
    () => (tls === undefined || !tls.enabled ? null : tlsOf(tls, endpoints[0]?.address ?? "", secret))
  )

/** One ExternalService of a name; several may stand for one service. */
export interface LegacyExternal {
  readonly resource: string
  readonly tags: Tags
  readonly backend: ExternalBackend
}

/** `host:port`, `[::1]:port`. */
const splitAddress = (text: string): ExternalEndpointView | undefined => {
  const [, v6, host, port = ""] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? []
  const address = v6 ?? host
  return address === undefined ? undefined : { address, port: Number(port), priority: 0 }
}

export const ofExternalService = ({ networking }: ExternalService, secret: ReadSecret): ExternalBackend => {
  const endpoint = splitAddress(networking?.address ?? "")
  if (endpoint === undefined) {
    return { endpoints: [], tls: null, problem: `networking.address "${networking?.address ?? ""}" isn't host:port` }
  }
  const tls = networking?.tls
  return guarded([endpoint], () => {
    if (tls?.enabled !== true) return null
    const path = "networking.tls"
    const serverName = tls.serverName || (isIpAddress(endpoint.address) ? null : endpoint.address)
    const ca = readCertificates(tls.caCert, `${path}.caCert`, secret)
    return {
      // Kuma's older type takes any certificate where no CA is given.
      trust: ca === null ? ANYBODY : { _tag: "Pem", pem: ca },
      ...readClient(tls, path, secret),
      serverName,
      names: ca === null || tls.skipHostnameVerification === true ? [] : exactly(serverName ?? endpoint.address),
      allowRenegotiation: tls.allowRenegotiation === true,
      minVersion: "TLSAuto",
      maxVersion: "TLSAuto"
    }
  })
}
