/** The command line: one subcommand a file, each loaded only when it is called. */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import packageJson from "../../package.json" with { type: "json" }
import { plainLines } from "./plainText.ts"
import { readInput } from "./readInput.ts"

/** The user gave something that can't be worked with; the message is all there is to show. */
export class UsageError extends Schema.TaggedError<UsageError>()("UsageError", { message: Schema.String }) {}

const secretNamePrefix = Flag.String("secret-name-prefix").pipe(
  Flag.withDescription(
    "Keep a dataplane token in secret PREFIX/SERVICE for tasks that are tagged kuma.io/service; / for no prefix"
  ),
  Flag.optional
)

/** The flag wins over its variable, in which a lone slash stands for an empty prefix. */
const withSecretNamePrefix = (variables: NodeJS.ProcessEnv, prefix: Option.Option<string>): NodeJS.ProcessEnv =>
  Option.isNone(prefix) ? variables : { ...variables, ECS_MESH_SECRET_NAME_PREFIX: prefix.value || "/" }

const serve = Command.make(
  "serve",
  {
    withoutAws: Flag.Boolean("without-aws").pipe(
      Flag.withDescription("Run the control plane alone: no ECS, dataplane tokens instead of IAM roles"),
      Flag.withDefault(false)
    ),
    secretNamePrefix
  },
  Effect.fn(function*({ secretNamePrefix: prefix, withoutAws }) {
    const { serveCommand } = yield* Effect.promise(() => import("./serve.ts"))
    yield* serveCommand({ aws: !withoutAws, variables: withSecretNamePrefix(process.env, prefix) })
  })
).pipe(Command.withDescription("Run the operator and the control plane; configured by environment variables: docs/configuration.md"))

const tokenController = Command.make(
  "token-controller",
  {
    apiServerUrl: Flag.String("api-server-url").pipe(
      Flag.withDescription("The control plane's API, https://HOST:5682 (KUMA_API_SERVER_URL)"),
      Flag.optional
    ),
    secretNamePrefix
  },
  Effect.fn(function*({ apiServerUrl, secretNamePrefix: prefix }) {
    const { tokenControllerCommand } = yield* Effect.promise(() => import("./tokenController.ts"))
    const variables = withSecretNamePrefix(process.env, prefix)
    yield* tokenControllerCommand(
      Option.isNone(apiServerUrl) ? variables : { ...variables, KUMA_API_SERVER_URL: apiServerUrl.value }
    )
  })
).pipe(Command.withDescription("Keep dataplane tokens in Secrets Manager for a control plane elsewhere"))

const translate = Command.make(
  "translate",
  {
    file: Argument.String("file").pipe(
      Argument.withDescription("YAML with a Mesh, Dataplanes and policies; - reads standard input")
    ),
    proxy: Flag.String("proxy").pipe(
      Flag.withDescription("Only the proxy of this name"),
      Flag.optional
    )
  },
  Effect.fn(function*({ file, proxy }) {
    const { translateFile } = yield* Effect.promise(() => import("./translate.ts"))
    const text = yield* Effect.mapError(readInput(file), ({ message }) => new UsageError({ message }))
    const output = yield* Effect.try({
      try: () => translateFile(text, Option.isSome(proxy) ? { proxy: proxy.value } : {}),
      catch: (error) => new UsageError({ message: error instanceof Error ? error.message : String(error) })
    })
    yield* Console.log(output)
  })
).pipe(Command.withDescription("Print the Envoy resources that a set of resources becomes"))

const machine = Command.make(
  "machine",
  {
    kind: Argument.Literals("kind", ["dataplane", "ingress", "egress"]).pipe(
      Argument.withDescription("Whose machine")
    )
  },
  Effect.fn(function*({ kind }) {
    const { renderMachine } = yield* Effect.promise(() => import("./machine.ts"))
    yield* Console.log(renderMachine(kind))
  })
).pipe(Command.withDescription("Print a reconciling machine as a Mermaid state diagram"))

const replay = Command.make(
  "replay",
  {
    files: Argument.String("file").pipe(
      Argument.withDescription(
        "A journal (with journal.jsonl.1 before it, if you like) or EventBridge events; - reads standard input"
      ),
      Argument.variadic({ min: 1 })
    ),
    until: Flag.String("until").pipe(
      Flag.withDescription("End before what is later: a seq, a time like 2025-01-31T12:00:00Z, or a date (its end, UTC)"),
      Flag.optional
    ),
    key: Flag.String("key").pipe(
      Flag.withDescription("Only this key: task/<cluster>/<id>, a task id or its beginning"),
      Flag.optional
    ),
    known: Flag.String("known").pipe(
      Flag.withDescription("A journal that saw the definitions and roles which raw events don't tell"),
      Flag.atLeast(0)
    ),
    json: Flag.Boolean("json").pipe(Flag.withDescription("One line of JSON a step"), Flag.withDefault(false)),
    step: Flag.Boolean("step").pipe(Flag.withDescription("Wait for Enter after each step"), Flag.withDefault(false))
  },
  Effect.fn(function*({ key, until, ...given }) {
    const { replayCommand } = yield* Effect.promise(() => import("./replay/replayCommand.ts"))
    yield* replayCommand({ ...given, key: Option.getOrNull(key), until: Option.getOrNull(until) })
  })
).pipe(
  Command.withDescription("Decide again what an operator's journal, or raw EventBridge events, tell; 1 where it differs")
)

const explain = Command.make(
  "explain",
  {
    task: Argument.String("task").pipe(Argument.withDescription("A task's id, its beginning, or its ARN")),
    addresses: Flag.String("address").pipe(
      Flag.withDescription("API of a replica, http://127.0.0.1:5681 where absent; once for each replica"),
      Flag.atLeast(0)
    ),
    journals: Flag.String("journal").pipe(
      Flag.withDescription("Read this journal instead of asking; once for each of its files"),
      Flag.atLeast(0)
    ),
    all: Flag.Boolean("all").pipe(
      Flag.withDescription("All that happened, however much it is"),
      Flag.withDefault(false)
    ),
    json: Flag.Boolean("json").pipe(Flag.withDescription("The same as JSON"), Flag.withDefault(false))
  },
  Effect.fn(function*(given) {
    const { explainCommand } = yield* Effect.promise(() => import("./explain/explainCommand.ts"))
    yield* explainCommand(given)
  })
).pipe(Command.withDescription("What was seen, decided, stored, sent and refused of a task, and why"))

const service = Argument.Literals("service", ["demo-app", "kv"]).pipe(Argument.withDescription("demo-app or kv"))
const act = Effect.promise(() => import("./demo/act.ts"))

const refusedTask = Argument.Literals("which", ["untagged", "impostor"]).pipe(
  Argument.withDescription("untagged: its role has no tags; impostor: it says it's kv, by another service's role")
)

const demoActions = [
  Command.make(
    "scale",
    { service, count: Argument.Int("count") },
    ({ service, count }) => Effect.flatMap(act, ({ scale }) => scale(service, count))
  ).pipe(Command.withDescription("Give a service of the running demo another number of tasks")),
  Command.make("roll", { service }, ({ service }) => Effect.flatMap(act, ({ roll }) => roll(service))).pipe(
    Command.withDescription("Replace every task of a service of the running demo")
  ),
  Command.make(
    "stop",
    { task: Argument.String("task").pipe(Argument.withDescription("A service, or the beginning of a task id")) },
    ({ task }) => Effect.flatMap(act, ({ stop }) => stop(task))
  ).pipe(Command.withDescription("Stop a task of the running demo")),
  Command.make(
    "refuse",
    { which: refusedTask },
    ({ which }) => Effect.flatMap(act, ({ refuse }) => refuse(which))
  ).pipe(Command.withDescription("Run a task in the demo that the mesh must refuse")),
  Command.make(
    "tag",
    { service, tag: Argument.String("tag").pipe(Argument.withDescription("KEY=VALUE")) },
    ({ service, tag }) => Effect.flatMap(act, (actions) => actions.tag(service, tag))
  ).pipe(Command.withDescription("Set a tag of a service's task role in the running demo")),
  Command.make(
    "untag",
    { service, key: Argument.String("key") },
    ({ service, key }) => Effect.flatMap(act, ({ untag }) => untag(service, key))
  ).pipe(Command.withDescription("Remove a tag of a service's task role in the running demo"))
] as const

const demo = Command.make(
  "demo",
  {
    once: Flag.Boolean("once").pipe(
      Flag.withDescription("Run the demo's load, print the timeline, end everything and exit"),
      Flag.withDefault(false)
    )
  },
  Effect.fn(function*({ once }) {
    const { runDemo } = yield* Effect.promise(() => import("./demo/runDemo.ts"))
    yield* runDemo({ once })
  })
).pipe(
  Command.withDescription("Emulated AWS, two services and the whole mesh on this machine"),
  Command.withSubcommands(demoActions)
)

/** Declared for its help alone: `main.ts` starts it without loading the rest. */
const sidecar = Command.make("sidecar").pipe(
  Command.withDescription("Run Envoy beside a workload (see `ecs-mesh sidecar --help`)")
)

const root = Command.make("ecs-mesh").pipe(
  Command.withDescription("A service mesh for Amazon ECS, without Kubernetes and without a licence"),
  Command.withSubcommands([serve, tokenController, sidecar, demo, translate, machine, replay, explain])
)

/** Failures whose message is all that there is to show. */
const TOLD = [
  "UsageError", "DemoFailed", "ServeFailed", "TokenControllerFailed", "ReplayRefused", "NotExplained"
] as const

export const runCli = (): void =>
  root.pipe(
    Command.run({ version: packageJson.version }),
    Effect.catchTag(TOLD, (error) =>
      Console.error(plainLines(`ecs-mesh: ${error.message}`)).pipe(Effect.andThen(Effect.sync(() => {
        // 1 is a replay's word for a difference.
        process.exitCode = error._tag === "ReplayRefused" ? 2 : 1
      })))),
    // Its message is written already.
    Effect.catchTag("ShowHelp", (error) => Effect.sync(() => {
      if (error.errors.length > 0) process.exitCode = 2
    })),
    Effect.provide(NodeServices.layer),
    NodeRuntime.runMain
  )
