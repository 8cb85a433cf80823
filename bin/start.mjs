#!/usr/bin/env node
// `npm start`: the set-up, then the demo on Node 24.
import { join } from "node:path"
import { endWithNpm } from "./endWithNpm.mjs"
import { node24, root } from "./node24.mjs"
import { runInForeground } from "./runInForeground.mjs"
import { setupOrExit } from "./setup.mjs"

endWithNpm()
await setupOrExit()
process.exit(await runInForeground(node24().path, [join(root, "src", "main.ts"), "demo", ...process.argv.slice(2)]))
