/** Which proxy this is and where: from the settings, else from ECS's metadata, asked until it answers. */
import { backoffMillis } from "./backoffMillis.ts"
import type { Log } from "./Log.ts"
import type { SidecarConfig } from "./SidecarConfig.ts"
import { sleep } from "./sleep.ts"
import { readTask } from "./taskMetadata.ts"

export interface SelfIdentity {
  readonly name: string
  /** The empty string where no IAM is used. */
  readonly region: string
}

const TRIES = 6

/** Null when the signal aborted; fails when ECS's metadata stays away. */
export const identify = async (config: SidecarConfig, log: Log, signal: AbortSignal): Promise<SelfIdentity | null> => {
  const { name } = config.proxy
  const region = config.auth.type === "aws" ? config.auth.region : ""
  if (name !== null && region !== null) return { name, region }
  if (config.metadataUri === null) {
    throw new Error("AWS_REGION: set it, as there is no ECS task metadata to take it from")
  }
  for (let attempt = 0; ; attempt += 1) {
    try {
      const task = await readTask(config.metadataUri)
      return { name: name ?? task.taskId, region: region ?? task.region }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (attempt + 1 === TRIES) throw new Error(`the ECS task metadata endpoint doesn't say which task this is: ${reason}`)
      log.warn("no task metadata yet", { error: reason })
    }
    await sleep(backoffMillis(attempt, 250, Math.random()), signal)
    if (signal.aborted) return null
  }
}
