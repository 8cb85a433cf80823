/** Asks a control plane's API for its journal and for what the store holds of a task. It changes nothing. */
import { Config, Effect, Option, Redacted, Schema } from "effect"
import { lastPart } from "../../controllers/arn.ts"
import { proxyKey } from "../../model/proxyResource.ts"
import { parseProxyType } from "../../model/ProxyType.ts"
import { formatKey } from "../../model/Resource.ts"
import { isSafeOrigin } from "../../cp/config/isSafeOrigin.ts"
import { at, listAt, textAt } from "./fields.ts"
import type { Standing, StreamState } from "./Story.ts"
import { standingOf } from "./standingOf.ts"

/** Nothing can be told; the message says what to do. */
export class NotExplained extends Schema.TaggedError<NotExplained>()("NotExplained", { message: Schema.String }) {}

export interface ExportedJournal {
  readonly instance: string | null
  readonly text: string
}

/** What the store says now. */
export interface Live {
  readonly standing: Standing | null
  /** The proxy's last stream, at whichever replica. */
  readonly stream: StreamState | null
  /** Whether the proxy's resource is there, and since when it is as it is; null where that isn't known. */
  readonly proxy: LiveProxy | null
}

export interface LiveProxy {
  /** `Dataplane/default/<name>` */
  readonly resource: string
  readonly isThere: boolean
  readonly at: string | null
}

const WITHIN_MILLIS = 60_000

const ask = (address: string, path: string) =>
  /^https?:\/\//.test(address)
    ? Effect.flatMap(tokenFor(address), (token) => fetchFrom(address, path, token))
    : Effect.fail(new NotExplained({ message: `--address wants http:// or https:// before it: http://${address}` }))

const TOKEN = "KUMA_API_TOKEN"

/** An administrator's, from the environment, where there is one. */
const tokenFor = Effect.fnUntraced(function*(address: string) {
  const token = yield* Config.option(Config.Redacted(TOKEN)).pipe(
    Effect.orElseSucceed(() => Option.none<Redacted.Redacted>())
  )
  if (Option.isNone(token) || Redacted.value(token.value) === "") return null
  if (isSafeOrigin(address)) return token.value
  return yield* new NotExplained({
    message: `${TOKEN} isn't sent to ${address}, where others could read it: ask by https://, on port 5682`
  })
})

const fetchFrom = (address: string, path: string, token: Redacted.Redacted | null) =>
  Effect.tryPromise({
    try: async (signal) => {
      const answer = await fetch(`${address.replace(/\/+$/, "")}${path}`, {
        headers: token === null ? {} : { authorization: `Bearer ${Redacted.value(token)}` },
        redirect: "error",
        signal: AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MILLIS)])
      })
      return { status: answer.status, instance: answer.headers.get("x-ecs-mesh-instance"), text: await answer.text() }
    },
    catch: (error) =>
      new NotExplained({
        message: unreachable(address, error)
      })
  })

const causeOf = (error: unknown): string =>
  textAt(error, "cause", "message") ?? textAt(error, "message") ?? String(error)

/** Of certificates that nobody here vouches for. */
const UNTRUSTED = ["SELF_SIGNED", "UNABLE_TO_VERIFY", "UNABLE_TO_GET_ISSUER"]

const unreachable = (address: string, error: unknown): string => {
  const code = textAt(error, "cause", "code") ?? ""
  if (UNTRUSTED.some((one) => code.includes(one))) {
    return `nobody here knows who signed the certificate of ${address} (${code}): name the file of its CA in ` +
      "NODE_EXTRA_CA_CERTS"
  }
  return `no control plane answers at ${address} (${causeOf(error)}): say where its API is with --address, ` +
    "or read its journal: --journal <work dir>/journal.jsonl"
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const refused = (address: string, status: number, text: string) =>
  new NotExplained({
    message: status === 401 || status === 403
      ? `${address} gives its journal to nobody but its administrator: ask on the machine (in the task) where it runs, ` +
        `at 127.0.0.1, or with an administrator's user token in ${TOKEN}`
      : `${address} has no journal for us (${status}): ` +
        (textAt(parse(text), "detail") ?? "is it a control plane of ecs-mesh, of this version?")
  })

export const askJournal = Effect.fn("explain.askJournal")(function*(
  address: string,
  keys: ReadonlyArray<string>
): Effect.fn.Return<ExportedJournal, NotExplained> {
  const query = keys.map((key) => `key=${encodeURIComponent(key)}`).join("&")
  const { instance, status, text } = yield* ask(address, `/journal?${query}`)
  return status === 200 ? { instance, text } : yield* refused(address, status, text)
})

/** Keys of the tasks that the store has, as far as they hold this text. */
export const askTasks = Effect.fn("explain.askTasks")(function*(
  address: string,
  text: string
): Effect.fn.Return<ReadonlyArray<string>, NotExplained> {
  const answer = yield* ask(address, `/ecs-tasks?size=1000&name=${encodeURIComponent(text)}`)
  return listAt(parse(answer.text), "items").flatMap((item) => {
    const name = textAt(item, "name")
    const cluster = textAt(item, "spec", "clusterArn")
    return name === null ? [] : [cluster === null ? name : `task/${lastPart(cluster)}/${name}`]
  })
})

const OVERVIEWS: Readonly<Record<string, (mesh: string, name: string) => string>> = {
  Dataplane: (mesh, name) => `/meshes/${encodeURIComponent(mesh)}/dataplanes/${encodeURIComponent(name)}/_overview`,
  ZoneIngress: (_, name) => `/zoneingresses/${encodeURIComponent(name)}/_overview`,
  ZoneEgress: (_, name) => `/zoneegresses/${encodeURIComponent(name)}/_overview`
}

const streamOf = (overview: unknown): StreamState | null => {
  const insight = at(overview, "dataplaneInsight") ?? at(overview, "zoneIngressInsight") ??
    at(overview, "zoneEgressInsight")
  const last = listAt(insight, "subscriptions").at(-1)
  if (last === undefined) return null
  return {
    openSince: textAt(last, "connectTime"),
    endedAt: textAt(last, "disconnectTime"),
    reason: null,
    instance: textAt(last, "controlPlaneInstanceId")
  }
}

/** The key of a task's proxy, by what is stored of the task. */
const proxyOf = (spec: unknown, taskId: string): string | null => {
  const proxyType = parseProxyType(textAt(spec, "proxy", "proxyType"))
  if (proxyType === undefined) return null
  return formatKey(proxyKey({ proxyType, mesh: textAt(spec, "proxy", "mesh") ?? "", name: taskId }))
}

const askProxy = Effect.fnUntraced(function*(address: string, resource: string) {
  const [type = "", mesh = "", name = ""] = resource.split("/")
  const overview = OVERVIEWS[type]
  if (overview === undefined) return { stream: null, proxy: null }
  const { status, text } = yield* ask(address, overview(mesh, name))
  if (status === 404) return { stream: null, proxy: { resource, isThere: false, at: null } }
  if (status !== 200) return { stream: null, proxy: null }
  const found = parse(text)
  return { stream: streamOf(found), proxy: { resource, isThere: true, at: textAt(found, "modificationTime") } }
})

/** `proxy`: the key of its resource as the journal has it, for what is no task; null where it has none. */
export const askLive = Effect.fn("explain.askLive")(function*(
  address: string,
  taskId: string,
  proxy: string | null
): Effect.fn.Return<Live, NotExplained> {
  const { status, text } = yield* ask(address, `/ecs-tasks/${encodeURIComponent(taskId)}`)
  const task = status === 200 ? parse(text) : null
  const standing = task === null ? null : standingOf(textAt(task, "modificationTime") ?? "", at(task, "spec"))
  const resource = task === null ? proxy : proxyOf(at(task, "spec"), taskId)
  if (resource === null) return { standing, stream: null, proxy: null }
  return { standing, ...(yield* askProxy(address, resource)) }
})
