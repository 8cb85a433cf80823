/**
 * Shows that every check of the door is held by a test: takes the checks out one at a time, in a copy of the tree, and
 * runs the one test that must then turn red. Prints a table; exits with 1 where a check could go unnoticed.
 *
 *     node_modules/.bin/node scripts/prove-refusals.ts [NUMBER...]
 *
 * Too slow for `npm test`, which only checks that each mutant's text is still there. Never touches the tree itself.
 */
import { spawn } from "node:child_process"
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Mutant } from "./refusals/Mutant.ts"
import { MUTANTS } from "./refusals/mutants.ts"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const COPIED = ["src", "test", "localstack", "bin", "package.json", "tsconfig.json", "vitest.config.ts"]

/** Of one test file, with Postgres and the emulated AWS to be started. */
const LIMIT_MILLIS = 180_000

const copyTree = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "ecs-mesh-refusals-"))
  for (const name of COPIED) await cp(join(root, name), join(folder, name), { recursive: true })
  await symlink(join(root, "node_modules"), join(folder, "node_modules"))
  return folder
}

interface Outcome {
  readonly passed: number
  readonly failed: number
}

/** Titles of vitest's are matched as regular expressions; `%s` and `%j` stand for a row's value. */
const pattern = (title: string): string =>
  title.split(/%[sji]/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*")

/** `options`: vitest's. */
const runTests = async (folder: string, limitMillis: number, ...options: ReadonlyArray<string>): Promise<Outcome> => {
  const report = join(folder, "report.json")
  await rm(report, { force: true })
  const vitest = [join("node_modules", "vitest", "vitest.mjs"), "run", "--reporter=json", `--outputFile=${report}`]
  const child = spawn(process.execPath, [...vitest, ...options], { cwd: folder, stdio: "ignore", timeout: limitMillis })
  await new Promise((resolve) => child.once("close", resolve))
  try {
    const { numFailedTests, numPassedTests, numFailedTestSuites } = JSON.parse(await readFile(report, "utf8")) as {
      readonly numFailedTests: number
      readonly numPassedTests: number
      readonly numFailedTestSuites: number
    }
    const neverStarted = numPassedTests + numFailedTests === 0 ? numFailedTestSuites : 0
    return { passed: numPassedTests, failed: numFailedTests + neverStarted }
  } catch {
    return { passed: 0, failed: 0 }
  }
}

const judge = async (folder: string, { edits, file, test }: Mutant): Promise<string> => {
  const originals = new Map<string, string>()
  try {
    for (const [text, replacement, elsewhere] of edits) {
      const path = join(folder, elsewhere ?? file)
      const source = await readFile(path, "utf8")
      if (source.split(text).length !== 2) return "TEXT NOT FOUND ONCE"
      if (!originals.has(path)) originals.set(path, source)
      await writeFile(path, source.replace(text, () => replacement))
    }
    const { passed, failed } = await runTests(folder, LIMIT_MILLIS, test.file, "-t", pattern(test.title), "--bail=1")
    if (failed > 0) return "red"
    return passed > 0 ? "SURVIVED" : "NO TEST RAN"
  } finally {
    for (const [path, source] of originals) await writeFile(path, source)
  }
}

const wanted = new Set(process.argv.slice(2).map(Number))
const mutants = MUTANTS.filter(({ refusal }) => wanted.size === 0 || wanted.has(refusal))
const folder = await copyTree()
const wrong: Array<string> = []
const tell = (...cells: ReadonlyArray<string>): void => console.log(`| ${cells.join(" | ")} |`)
try {
  // As the tree stands, every one of these tests is green: else red says nothing.
  const files = [...new Set(mutants.map(({ test }) => test.file))]
  const { failed } = await runTests(folder, files.length * LIMIT_MILLIS, ...files)
  if (failed > 0) wrong.push(`${failed} tests are red as the tree stands`)
  tell("refusal", "check", "test that turned red")
  tell("---", "---", "---")
  for (const one of mutants) {
    const outcome = await judge(folder, one)
    const where = `${one.test.title} (${one.test.file})`
    tell(String(one.refusal), one.check, outcome === "red" ? where : `**${outcome}**: ${where}`)
    if (outcome !== "red") wrong.push(`${one.refusal} ${one.check}: ${outcome}`)
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
for (const line of wrong) console.error(line)
console.error(`${mutants.length} checks taken out, ${wrong.length} problems`)
process.exit(wrong.length === 0 ? 0 : 1)
