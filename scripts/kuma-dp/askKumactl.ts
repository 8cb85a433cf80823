/** kumactl as a script of a user's calls it: what it refuses ends the script. */
import { writeFile } from "node:fs/promises"
import { type Kumactl, runKumactl } from "../compare/runKumactl.ts"

/** What it prints on standard output. */
export const askKumactl = async (kumactl: Kumactl, ...args: ReadonlyArray<string>): Promise<string> => {
  const { error, out, status } = await runKumactl(kumactl, args)
  if (status !== 0) throw new Error(`kumactl ${args.join(" ")}: ${[out, error].join("\n").trim()}`)
  return out.trim()
}

/** From here on it speaks to that control plane. */
export const pointTo = async (kumactl: Kumactl, api: string): Promise<void> => {
  await askKumactl(kumactl, "config", "control-planes", "add", "--name", "tried", "--address", api, "--overwrite")
}

export const applyFile = async (
  kumactl: Kumactl,
  file: string,
  variables: Readonly<Record<string, string | number>> = {}
): Promise<void> => {
  const given = Object.entries(variables).flatMap(([name, value]) => ["--var", `${name}=${value}`])
  await askKumactl(kumactl, "apply", "-f", file, ...given)
}

/** Writes a new token to a file; gives it. */
export const writeToken = async (kumactl: Kumactl, file: string, ...args: ReadonlyArray<string>): Promise<string> => {
  const token = await askKumactl(kumactl, "generate", ...args, "--valid-for", "24h")
  await writeFile(file, token)
  return token
}
