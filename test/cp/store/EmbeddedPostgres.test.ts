import { assert, describe, it } from "@effect/vitest"
import { type ChildProcess, spawn } from "node:child_process"
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { networkInterfaces, tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Schedule, Stream } from "effect"
import { afterEach, beforeEach } from "vitest"
import { embeddedStoreConfig, endEmbeddedPostgres } from "../../../src/cp/store/EmbeddedPostgres.ts"
import { findPostmaster, isAlive, stopPostmaster } from "../../../src/cp/store/postmaster.ts"
import { openStore, outboundPort } from "./testDatabases.ts"

let workDir = ""
const children: Array<ChildProcess> = []
const dataDir = () => join(workDir, "postgres", "data")

beforeEach(() => {
  workDir = mkdtempSync(join(tmpdir(), "ecs-mesh-embedded-"))
  chmodSync(workDir, 0o755)
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL")
  await stopPostmaster(dataDir())
  rmSync(workDir, { recursive: true, force: true })
}, 30_000)

const postmasterPid = Effect.map(Effect.promise(() => findPostmaster(dataDir())), (found) => found?.pid ?? 0)

/** Another operator on the work dir, as a process of its own; resolves with its database's port. */
const otherOperator = Effect.callback<{ readonly port: number; readonly kill: (signal: NodeJS.Signals) => void }>(
  (resume) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, "embeddedOwner.ts"), workDir], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    children.push(child)
    child.stdout.on("data", (text) => {
      const [, port] = /ready (\d+)/.exec(String(text)) ?? []
      if (port !== undefined) resume(Effect.succeed({ port: Number(port), kill: (signal) => child.kill(signal) }))
    })
  }
)

/** Whether something takes connections there. */
const answers = (host: string, port: number) =>
  Effect.callback<boolean>((resume) => {
    const socket = connect(port, host)
    const answer = (open: boolean) => {
      socket.destroy()
      resume(Effect.succeed(open))
    }
    socket.on("connect", () => answer(true))
    socket.on("error", () => answer(false))
  })

describe("the embedded database", () => {
  it.live("keeps what was stored over starts, and runs only while its scope is open", () =>
    Effect.gen(function*() {
      const before = yield* Effect.scoped(Effect.gen(function*() {
        const config = yield* embeddedStoreConfig(workDir)
        yield* (yield* openStore(config)).put(outboundPort("kv", 7))
        return { config, pid: yield* postmasterPid }
      }))
      assert.isFalse(isAlive(before.pid))
      const started = Date.now()
      const again = yield* Effect.scoped(Effect.gen(function*() {
        const config = yield* embeddedStoreConfig(workDir)
        const startMillis = Date.now() - started
        const stored = yield* (yield* openStore(config)).get(outboundPort("kv", 0))
        return { config, port: stored.spec.port, startMillis }
      }))
      assert.strictEqual(again.port, 7)
      assert.strictEqual(again.config.password, before.config.password)
      assert.isBelow(again.startMillis, 2_000)
    }), 60_000)

  it.live("listens on loopback only, behind a password that only its owner can read", () =>
    Effect.gen(function*() {
      const config = yield* embeddedStoreConfig(workDir)
      const { host, password, port } = config
      assert.strictEqual(host, "127.0.0.1")
      assert.isTrue(yield* answers("127.0.0.1", port))
      const outside = Object.values(networkInterfaces()).flatMap((all) => all ?? []).filter(({ internal, family }) =>
        !internal && family === "IPv4"
      )
      for (const { address } of outside) assert.isFalse(yield* answers(address, port))
      const file = join(workDir, "postgres", "password")
      assert.strictEqual(statSync(file).mode & 0o777, 0o600)
      assert.strictEqual(readFileSync(file, "utf8"), password)
      const wrong = yield* Effect.flip(openStore({ ...config, password: "guessed" }))
      assert.include(wrong.message, "password")
    }).pipe(Effect.scoped), 60_000)

  it.live("of a killed operator is adopted with all that it holds, and stopped by its new owner", () =>
    Effect.gen(function*() {
      const other = yield* otherOperator
      const orphan = yield* postmasterPid
      other.kill("SIGKILL")
      yield* Effect.scoped(Effect.gen(function*() {
        const config = yield* embeddedStoreConfig(workDir)
        assert.strictEqual(config.port, other.port)
        assert.strictEqual(yield* postmasterPid, orphan)
        yield* (yield* openStore(config)).put(outboundPort("kv", 7))
      }))
      assert.isFalse(isAlive(orphan))
    }), 60_000)

  it.live("of a living operator is left alone", () =>
    Effect.gen(function*() {
      const other = yield* otherOperator
      const error = yield* Effect.flip(Effect.scoped(embeddedStoreConfig(workDir)))
      assert.include(error.message, `another ecs-mesh is running on the work dir ${workDir}`)
      assert.isTrue(yield* answers("127.0.0.1", other.port))
    }), 60_000)

  it.live("that a killed operator left is ended by whoever ended the rest, also by way of a link", () =>
    Effect.gen(function*() {
      const other = yield* otherOperator
      other.kill("SIGKILL")
      const link = `${workDir}-link`
      symlinkSync(workDir, link)
      yield* Effect.promise(() => endEmbeddedPostgres(link)).pipe(Effect.ensuring(Effect.sync(() => rmSync(link))))
      assert.isFalse(yield* answers("127.0.0.1", other.port))
      // Where none runs, or there isn't even a folder, there is nothing to end.
      yield* Effect.promise(() => endEmbeddedPostgres(workDir))
      yield* Effect.promise(() => endEmbeddedPostgres(link))
    }), 60_000)

  it.live("that dies is started again where it was, and the store goes on and says Resynced", () =>
    Effect.gen(function*() {
      const config = yield* embeddedStoreConfig(workDir)
      const store = yield* openStore(config)
      yield* store.put(outboundPort("kv", 1))
      const pull = yield* Stream.toPull(store.changes)
      const died = yield* postmasterPid
      process.kill(died, "SIGKILL")
      const written = yield* store.put(outboundPort("kv", 2)).pipe(
        Effect.retry(Schedule.spaced("50 millis")),
        Effect.timeout("30 seconds")
      )
      assert.deepInclude(written, { version: 2, spec: { port: 2 } })
      assert.notStrictEqual(yield* postmasterPid, died)
      const seen: Array<string> = []
      while (!seen.includes("Resynced")) {
        seen.push(...(yield* Effect.timeout(pull, "15 seconds")).map(({ _tag }) => _tag))
      }
    }).pipe(Effect.scoped), 90_000)

  it.live("starts although another process has the number of the one that crashed", () =>
    Effect.gen(function*() {
      yield* Effect.scoped(embeddedStoreConfig(workDir))
      const stranger = spawn("sleep", ["60"], { stdio: "ignore" })
      children.push(stranger)
      writeFileSync(join(dataDir(), "postmaster.pid"), `${stranger.pid}\n${dataDir()}\n0\n5432\n\n127.0.0.1\n\nready\n`)
      yield* Effect.scoped(Effect.gen(function*() {
        const { port } = yield* embeddedStoreConfig(workDir)
        assert.notStrictEqual(port, 5_432)
        assert.isTrue(yield* answers("127.0.0.1", port))
      }))
      assert.strictEqual(stranger.exitCode, null)
      assert.isNull(stranger.signalCode)
    }), 60_000)

  it.live("that can't start tells what Postgres said", () =>
    Effect.gen(function*() {
      yield* Effect.scoped(embeddedStoreConfig(workDir))
      writeFileSync(join(dataDir(), "PG_VERSION"), "9.6\n")
      const error = yield* Effect.flip(Effect.scoped(embeddedStoreConfig(workDir)))
      assert.include(error.message, "9.6")
      assert.include(error.message, "server.log")
    }), 60_000)
})
