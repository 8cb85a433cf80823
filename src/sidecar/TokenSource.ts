/** Where the proxy's token comes from: the task's role, a setting, a file of the user's, or nowhere. */
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { SelfIdentity } from "./identify.ts"
import type { Log } from "./Log.ts"
import { mintIamToken } from "./mintIamToken.ts"
import type { SidecarConfig } from "./SidecarConfig.ts"
import { TokenFile, writeToken } from "./TokenFile.ts"

export interface TokenSource {
  /** A token for the next request and the file that Envoy reads; null where proxies go without. */
  readonly current: () => Promise<{ readonly value: string; readonly path: string } | null>
  readonly keepFresh: (signal: AbortSignal) => Promise<void>
}

export interface TokenSourceInput {
  readonly config: SidecarConfig
  readonly self: SelfIdentity
  readonly workDir: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Log
}

const never = (): Promise<void> => Promise.resolve()

export const makeTokenSource = ({ config, self, workDir, env, log }: TokenSourceInput): TokenSource => {
  const { auth } = config
  const path = join(workDir, "token")
  if (auth.type === "none") return { current: () => Promise.resolve(null), keepFresh: never }
  if (auth.type === "token") {
    const { token, tokenPath } = auth
    return {
      current: async () => {
        if (token !== null) {
          await writeToken(path, token)
          return { value: token, path }
        }
        if (tokenPath === null) return null
        return { value: (await readFile(tokenPath, "utf8")).trim(), path: tokenPath }
      },
      keepFresh: never
    }
  }
  const proxy = { proxyType: config.proxy.proxyType, mesh: config.proxy.mesh, name: self.name }
  const mint = () =>
    mintIamToken({ region: self.region, stsHost: auth.stsHost, audience: auth.audience, proxy, env })
  const file = new TokenFile(path, mint, log)
  return { current: async () => ({ value: await file.renew(), path }), keepFresh: (signal) => file.keepFresh(signal) }
}
