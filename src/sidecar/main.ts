/** The sidecar's own entry, which loads nothing of the operator: `node src/sidecar/main.ts --cp-address ...`. */
import { runSidecar } from "./runSidecar.ts"

/** Runs the sidecar in this process and ends it with the sidecar's exit code. */
export const main = async (args: ReadonlyArray<string>): Promise<void> => {
  process.exit(await runSidecar(process.env, args))
}

if (import.meta.main) await main(process.argv.slice(2))
