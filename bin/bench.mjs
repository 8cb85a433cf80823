#!/usr/bin/env node
// `npm run bench`: the set-up, then the bench of many proxies on Node 24. Arguments go to it.
import { join } from "node:path"
import { endWithNpm } from "./endWithNpm.mjs"
import { node24, root } from "./node24.mjs"
import { runInForeground } from "./runInForeground.mjs"
import { setupOrExit } from "./setup.mjs"

endWithNpm()
await setupOrExit()
process.exit(await runInForeground(node24().path, [join(root, "bench", "mesh.ts"), ...process.argv.slice(2)]))
