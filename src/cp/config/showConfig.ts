/** The configuration as it may be shown to whoever may see it: without what opens anything. Pure. */
import type { ControlPlaneConfig } from "./ControlPlaneConfig.ts"

const HIDDEN = "*****"

/** Fields whose text opens something. What a file is called opens nothing. */
const isSecret = (name: string): boolean => /password|secret$|token$|privatekey|accesskey/i.test(name)

const hide = (name: string, value: unknown): unknown => {
  if (typeof value === "string") return isSecret(name) && value !== "" ? HIDDEN : withoutUserInfo(value)
  if (Array.isArray(value)) return value.map((item) => hide(name, item))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, hide(key, inner)]))
}

/** A URL may hold a password. */
const withoutUserInfo = (text: string): string => text.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, `$1${HIDDEN}@`)

/** In Kuma's form where Kuma's tools read it, and all that is set in ours. */
export const showConfig = (config: ControlPlaneConfig): Readonly<Record<string, unknown>> => ({
  ...Object.fromEntries(Object.entries(config).map(([name, value]) => [name, hide(name, value)])),
  environment: "universal",
  multizone: { zone: { name: config.zone } }
})
