/**
 * The token that Envoy reads anew for each stream: written so that a reader sees the old one or the new one,
 * never a part, and nobody but this user sees either.
 */
import { randomUUID } from "node:crypto"
import { rename, rm, writeFile } from "node:fs/promises"
import { backoffMillis } from "./backoffMillis.ts"
import type { Log } from "./Log.ts"
import { renewalMillis } from "./renewalMillis.ts"
import { sleep } from "./sleep.ts"

export interface MintedToken {
  readonly token: string
  /** End of the credentials behind it. */
  readonly credentialsEnd: Date | undefined
}

export const writeToken = async (path: string, token: string): Promise<void> => {
  const draft = `${path}.${randomUUID()}`
  try {
    await writeFile(draft, token, { mode: 0o600, flag: "wx" })
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

export class TokenFile {
  readonly path: string
  readonly #mint: () => Promise<MintedToken>
  readonly #log: Log
  #renewInMillis = 0

  constructor(path: string, mint: () => Promise<MintedToken>, log: Log) {
    this.path = path
    this.#mint = mint
    this.#log = log
  }

  /** Makes a new token and puts it into the file. */
  async renew(): Promise<string> {
    const { token, credentialsEnd } = await this.#mint()
    await writeToken(this.path, token)
    this.#renewInMillis = renewalMillis(new Date(), credentialsEnd)
    return token
  }

  /** Renews until the signal aborts; failures are retried, the last good token stays in the file. */
  async keepFresh(signal: AbortSignal): Promise<void> {
    let failures = 0
    while (true) {
      await sleep(failures === 0 ? this.#renewInMillis : backoffMillis(failures - 1, 1_000, Math.random()), signal)
      if (signal.aborted) return
      try {
        await this.renew()
        if (failures > 0) this.#log.info("token renewed again", { failures })
        failures = 0
      } catch (error) {
        failures += 1
        this.#log.error("token not renewed, will try again: are the task role's credentials reachable?", {
          failures,
          error: error instanceof Error ? error.message : String(error)
        })
      }
    }
  }
}
