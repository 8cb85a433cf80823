/** That no version of a name is given twice, whoever writes and removes at a time. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { Client } from "pg"
import { openStore, outboundPort, useTestDatabases } from "./testDatabases.ts"

const databases = useTestDatabases()

/** How many of the stores' statements wait for somebody else's. */
const WAITING = `SELECT count(*)::integer AS waiting FROM pg_stat_activity
  WHERE datname = current_database() AND application_name = 'ecs-mesh store' AND wait_event_type = 'Lock'`

describe("what is made anew", () => {
  it.live("begins above what was removed while its statement waited", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const [store, other] = [yield* openStore(config), yield* openStore(config)]
      const { dbName, host, password, port, user } = config
      const client = new Client({ host, port, user, password, database: dbName })
      yield* Effect.promise(() => client.connect())
      const made = yield* Effect.gen(function*() {
        // As another statement of many is, in its midst: it has a row, and doesn't hold the revision's lock yet.
        yield* Effect.promise(() => client.query(
          `BEGIN; SET LOCAL session_replication_role = replica;
           INSERT INTO resource VALUES ('OutboundPort', 'default', 'a', '{}', '{}', 1, now(), now())`
        ))
        const both = yield* Effect.forkChild(
          Effect.forEach(["a", "b"], (name) => store.put(outboundPort(name, 1)), { concurrency: "unbounded" }),
          { startImmediately: true }
        )
        yield* Effect.timeout(
          Effect.repeat(Effect.delay(Effect.promise(() => databases.query(config, WAITING)), "10 millis"), {
            until: ([found]) => found?.["waiting"] === 1
          }),
          "10 seconds"
        )
        const { version } = yield* other.put(outboundPort("b", 2))
        assert.strictEqual(version, 1)
        yield* other.remove(outboundPort("b", 2))
        yield* Effect.promise(() => client.query("ROLLBACK"))
        return yield* Effect.timeout(Fiber.join(both), "10 seconds")
      }).pipe(Effect.ensuring(Effect.promise(() => client.end())))
      assert.deepStrictEqual(made.map(({ name, version }) => `${name} ${version > 1}`), ["a false", "b true"])
    }), 30_000)
})
