/**
 * The operator alone with many tasks: how soon all of an account's tasks are registered, what their health and the
 * full looks cost, what it does in a storm of events, and how soon the stop of one task is stored. Real code, SDK
 * clients and Postgres; AWS is a small server in a thread of its own that keeps AWS's quotas and refuses what is beyond
 * them (an emulator answers slower than AWS and knows no quotas). Ends by itself, with everything that it started;
 * listens on loopback only. Progress goes to stderr.
 *
 *   node_modules/.bin/node bench/controllers.ts               5,000 tasks of 200 services; three minutes
 *   ... --tasks 500 --services 50 --idle 10 --stops 20        smaller
 *   ... --share 100                                           percent of the quotas (ECS_MESH_AWS_API_SHARE)
 *   ... --profile FOLDER                                      a CPU profile of the operator's thread for each phase
 *   ... --json
 *   node_modules/.bin/node --expose-gc bench/controllers.ts   with the heap after a collection
 */
import { Effect, Exit, Layer, Scope } from "effect"
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { Session } from "node:inspector/promises"
import { loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { Client } from "pg"
import { operate } from "../src/controllers/Operator.ts"
import { FileJournal } from "../src/controllers/lifecycle/FileJournal.ts"
import { looksSecret, redact } from "../src/cp/auth/redact.ts"
import { connectionOptions } from "../src/cp/store/connectionOptions.ts"
import { embeddedStoreConfig } from "../src/cp/store/EmbeddedPostgres.ts"
import { PostgresStore } from "../src/cp/store/PostgresStore.ts"
import { Store } from "../src/model/Store.ts"
import { meshKey } from "../src/model/whileMesh.ts"
import { ACCOUNT, CLUSTER, REGION } from "./controllers/FakeAccount.ts"
import { countStatements, leaveOut, measure, type Use } from "./controllers/Meter.ts"
import { startFakeAws } from "./controllers/startFakeAws.ts"
import { percentiles } from "./tasks/percentiles.ts"

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "5000" },
    services: { type: "string", default: "200" },
    share: { type: "string", default: "50" },
    latency: { type: "string", default: "30" },
    rate: { type: "string", default: "1000" },
    idle: { type: "string", default: "60" },
    stops: { type: "string", default: "100" },
    profile: { type: "string" },
    json: { type: "boolean", default: false }
  }
})
const tasks = Number(values.tasks)
const say = (line: string): void => void process.stderr.write(`${line}\n`)

process.env["AWS_ACCESS_KEY_ID"] = "bench"
process.env["AWS_SECRET_ACCESS_KEY"] = "bench"

const scope = await Effect.runPromise(Scope.make())
const folder = await mkdtemp(join(tmpdir(), "ecs-mesh-bench-"))
// As root Postgres runs as another user, who must be able to reach its data through this folder.
await chmod(folder, 0o755)
const aws = await startFakeAws({ tasks, services: Number(values.services), latencyMillis: Number(values.latency) })
const figures: Record<string, unknown> = {}

const until = async (met: () => Promise<boolean>, what: string): Promise<void> => {
  const end = Date.now() + 300_000
  while (!(await met())) {
    if (Date.now() > end) throw new Error(`${what}: not within five minutes`)
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

const inspector = new Session()
if (values.profile !== undefined) {
  await mkdir(values.profile, { recursive: true })
  inspector.connect()
  await inspector.post("Profiler.enable")
}

/** Begins a phase, whose profile is a file of its name. */
const begin = async (name: string): Promise<() => Promise<Use>> => {
  if (values.profile === undefined) return await measure(aws)
  const end = await measure(aws)
  await inspector.post("Profiler.start")
  return async () => {
    const use = await end()
    const { profile } = await inspector.post("Profiler.stop")
    await writeFile(join(values.profile ?? "", `${name}.cpuprofile`), JSON.stringify(profile))
    return use
  }
}

const report = (what: string, { aws: { calls, ...counts }, ...use }: Use): void => {
  globalThis.gc?.()
  const heapMegabytes = Math.round(process.memoryUsage().heapUsed / 2 ** 20)
  figures[what] = { ...use, calls, ...counts, heapMegabytes }
  say(`${what}: ${use.seconds.toFixed(1)} s, CPU ${use.cpuSeconds.toFixed(2)} s, ${use.statements} statements, ` +
    `${JSON.stringify(calls)}, ${JSON.stringify(counts)}, heap ${heapMegabytes} MB, load ${loadavg()[0]?.toFixed(1)}`)
}

/** What a control plane writes of a sidecar that took its listeners. */
const connected = {
  subscriptions: [{
    id: "1",
    controlPlaneInstanceId: "bench",
    connectTime: new Date().toISOString(),
    status: { lds: { responsesSent: "1", responsesAcknowledged: "1" } }
  }]
}

try {
  await mkdir(join(folder, "work"))
  const config = await Effect.runPromise(embeddedStoreConfig(folder).pipe(Scope.provide(scope)))
  countStatements()
  const database = new Client(connectionOptions(config, "bench"))
  leaveOut(database)
  await database.connect()
  const count = async (condition: string): Promise<number> =>
    Number((await database.query(`SELECT count(*) FROM resource WHERE ${condition}`)).rows[0].count)

  const ports = await Effect.runPromise(
    Layer.build(Layer.merge(
      PostgresStore.layer(config),
      FileJournal.layer({ path: join(folder, "work", "journal"), guard: redact, suspects: looksSecret })
    )).pipe(Scope.provide(scope))
  )
  const store = await Effect.runPromise(Effect.provide(Store, ports))
  await Effect.runPromise(store.put({ ...meshKey("default"), labels: {}, spec: {} }))
  const endpoints = { ecs: aws.endpoint, iam: aws.endpoint, sts: aws.endpoint, events: aws.endpoint, sqs: aws.endpoint }
  const operator = operate({
    zone: "bench",
    aws: {
      region: REGION,
      partition: "aws",
      endpoints,
      authorizedAccountIds: [ACCOUNT],
      accountRoles: {},
      clusters: [CLUSTER],
      queueName: "bench",
      createEventRules: true,
      apiShare: Number(values.share) / 100,
      resyncSeconds: 60,
      copyTags: [],
      outboundAddress: "loopback"
    }
  })

  const registering = await begin("registering")
  await Effect.runPromise(Effect.forkIn(Effect.provide(operator, ports), scope))
  const registered = "type = 'EcsTask' AND spec->>'phase' = 'registered'"
  await until(async () => await count(registered) === tasks, "all tasks are registered")
  report("from empty to registered", await registering())

  const connecting = await begin("connecting")
  const dataplanes = await database.query<{ name: string }>("SELECT name FROM resource WHERE type = 'Dataplane'")
  await Effect.runPromise(Effect.forEach(dataplanes.rows, ({ name }) =>
    store.put({ type: "DataplaneInsight", mesh: "default", name, labels: {}, spec: connected as never }), {
    concurrency: 100,
    discard: true
  }))
  const ready = "type = 'Dataplane' AND spec::text LIKE '%\"Ready\"%'"
  await until(async () => await count(ready) === tasks, "all tasks are ready")
  report("all sidecars connect, until all are ready", await connecting())

  const idling = await begin("idle")
  await new Promise((resolve) => setTimeout(resolve, Number(values.idle) * 1_000))
  report("idle", await idling())

  const storming = await begin("storm")
  const events = await aws.storm(Number(values.rate), 10)
  await until(async () => (await aws.counts()).deleted === events, "all events are handled")
  report(`storm of ${values.rate} events a second for 10 s`, await storming())
  const versions = await aws.versions()
  const { rows } = await database.query(
    "SELECT name, spec->>'taskVersion' AS version FROM resource WHERE type = 'EcsTask'"
  )
  const late = rows.filter(({ name, version }) => versions.get(name) !== Number(version)).length
  figures["tasks that are stored as of before their last event"] = late
  say(`tasks that are stored as of before their last event: ${late}`)

  const stopping = await begin("stops")
  const took: Array<number> = []
  for (let stop = 0; stop < Number(values.stops); stop++) {
    const { at, id } = await aws.stop()
    await until(async () => await count(`${ready} AND name = '${id}'`) === 0, id)
    const answer = await database.query(
      "SELECT modification_time FROM resource WHERE type = 'Dataplane' AND name = $1",
      [id]
    )
    took.push(new Date(answer.rows[0].modification_time).getTime() - at)
  }
  report("stops, one at a time", await stopping())
  figures["stop event sent -> stored, ms"] = percentiles(took)
  say(`stop event sent -> stored, ms: ${JSON.stringify(percentiles(took))}`)
  await database.end()
} finally {
  await Effect.runPromise(Scope.close(scope, Exit.void))
  await aws.end()
  await rm(folder, { recursive: true, force: true })
}
if (values.json) process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
