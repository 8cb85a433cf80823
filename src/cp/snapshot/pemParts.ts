/**
 * What of a text is passed on as PEM: certificates that can be read, or the private key that fits one. Nothing else of
 * it, whatever it is. Reading costs, and the same text is read again with every change of what names it.
 */
import { createPrivateKey, hash, type KeyObject, X509Certificate } from "node:crypto"
import { RecentlyUsed } from "../RecentlyUsed.ts"

/** `why`: what is wrong with it, as the end of a sentence. It says nothing of the text. */
export type PemPart = { readonly pem: string } | { readonly why: string }

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----/g
const KEY = /-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----[A-Za-z0-9+/=\s]*-----END \1-----/g

/** Characters of what is kept. */
const MOST = 4 * 1024 * 1024

const kept = new RecentlyUsed<PemPart>(MOST)

const once = (kind: string, texts: ReadonlyArray<string>, read: () => PemPart): PemPart => {
  const name = hash("sha256", JSON.stringify([kind, ...texts]), "base64")
  const known = kept.get(name)
  if (known !== undefined) return known
  const part = read()
  kept.set(name, part, name.length + ("pem" in part ? part.pem : part.why).length)
  return part
}

const readOrNull = <A>(read: () => A): A | null => {
  try {
    return read()
  } catch {
    return null
  }
}

const blocks = (text: string, block: RegExp): ReadonlyArray<string> => (text.match(block) ?? []).map((one) => `${one}\n`)

export const certificatesIn = (text: string): PemPart =>
  once("certificates", [text], () => {
    const found = blocks(text, CERTIFICATE)
    if (found.length === 0) return { why: "no PEM certificate" }
    return found.every((one) => readOrNull(() => new X509Certificate(one)) !== null)
      ? { pem: found.join("") }
      : { why: "a PEM certificate that can't be read" }
  })

/** `certificates`: as `certificatesIn` gave them; the first is whose key it has to be. */
export const keyIn = (text: string, certificates: string): PemPart =>
  once("key", [text, certificates], () => {
    const found = blocks(text, KEY)
    if (found.length === 0) return { why: "no PEM private key, or an encrypted one" }
    const leaf = new X509Certificate(certificates)
    const fits = (key: KeyObject | null): boolean => key !== null && leaf.checkPrivateKey(key)
    const fitting = found.find((one) => fits(readOrNull(() => createPrivateKey(one))))
    return fitting === undefined ? { why: "no PEM private key that fits the client certificate" } : { pem: fitting }
  })
