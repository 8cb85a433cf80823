/** All scenes, one after the other; the checks are printed. Run by try-kuma-dp.ts. */
import { cp, lstat } from "node:fs/promises"
import { runMeasurement, say, type Workplace } from "../../bench/mesh/runMeasurement.ts"
import type { Check } from "./Check.ts"
import { callEachOther } from "./scenes/callEachOther.ts"
import { count } from "./scenes/count.ts"
import { drain } from "./scenes/drain.ts"
import { enter } from "./scenes/enter.ts"
import { fallIll } from "./scenes/fallIll.ts"
import { logCalls } from "./scenes/logCalls.ts"
import { move } from "./scenes/move.ts"
import { replaceToken } from "./scenes/replaceToken.ts"
import { kill, restart } from "./scenes/restart.ts"
import { speakBothVariants } from "./scenes/speakBothVariants.ts"
import { tellFigures } from "./scenes/tellFigures.ts"
import { type Scene, type TryPlan, World } from "./World.ts"

type Titled = readonly [title: string, scene: Scene]

/** In this order: each finds what those before it left. */
const SCENES: ReadonlyArray<Titled> = [
  ["entering", enter],
  ["calls", callEachOther],
  ["figures", tellFigures],
  ["access log", logCalls],
  ["an app ends", fallIll],
  ["control plane restarted", restart],
  ["control plane killed", kill],
  ["incremental ADS", count],
  ["drain", drain],
  ["both variants of ADS", speakBothVariants],
  ["token replaced", replaceToken]
]

/** Of a scene that fails the others wouldn't find what they need. */
const play = async (world: World, scenes: ReadonlyArray<Titled>): Promise<ReadonlyArray<Check>> => {
  const checks: Array<Check> = []
  for (const [title, scene] of scenes) {
    say(title)
    const tell = (check: Check): void => void checks.push({ ...check, what: `${title}: ${check.what}` })
    try {
      await scene(world, tell)
    } catch (error) {
      tell({ what: "ended early", seen: String(error), holds: false })
      return checks
    }
  }
  return checks
}

/** Or a folder that may hold some. */
const isLog = async (path: string): Promise<boolean> =>
  path.endsWith(".log") || (!path.endsWith("/database") && (await lstat(path)).isDirectory())

const tryOut = async (workplace: Workplace<TryPlan>): Promise<ReadonlyArray<Check>> => {
  const { folder, plan } = workplace
  try {
    const checks = await play(await World.build(workplace, "lab"), SCENES)
    if (plan.kumaCp === null) return checks
    return [...checks, ...await play(await World.build(workplace, "move"), [["move", move]])]
  } finally {
    if (plan.logs !== null) await cp(folder, plan.logs, { recursive: true, filter: isLog })
  }
}

await runMeasurement(tryOut)
