/**
 * The older way into the mesh: keeps a dataplane token in the secret of each service whose tasks carry the tag
 * `kuma.io/service`, as ECS puts it into their containers. Woken by the tasks' keys; reads ECS and Secrets Manager. It
 * creates no secret, and stores and serves nothing of its own.
 */
import { Clock, Context, Effect, Layer, Semaphore, Stream } from "effect"
import { Journal } from "../../model/Journal.ts"
import { TokenIssuer } from "../../model/TokenIssuer.ts"
import type { Lane } from "../aws/CallLane.ts"
import { EcsReader } from "../aws/EcsReader.ts"
import type { TokenSecrets } from "../aws/TokenSecrets.ts"
import { goOn } from "../goOn.ts"
import { ToldOnce } from "../lifecycle/ToldOnce.ts"
import { noBreakOff } from "../queue/NoBreakOff.ts"
import { done, type Outcome, retry } from "../queue/Outcome.ts"
import { makeWorkQueue } from "../queue/WorkQueue.ts"
import { parseTaskKey } from "../TaskKey.ts"
import { reconcileToken } from "./reconcileToken.ts"
import { secretName } from "./secretName.ts"
import { TokenDemand } from "./TokenDemand.ts"
import { TokenMemory } from "./TokenMemory.ts"
import type { TokenSettings } from "./TokenSettings.ts"

const TOKEN = "token/"

const SECRETS_AT_ONCE = 32

export class TokenController extends Context.Service<
  TokenController,
  {
    /** Something may have changed about a task: `task/<cluster>/<id>`. Never waits. */
    readonly wake: (taskKey: string, lane?: Lane) => void
  }
>()("ecs-mesh/controllers/token/TokenController") {
  /** Where no tokens are kept. */
  static readonly none: Layer.Layer<TokenController> = Layer.succeed(TokenController, { wake: () => {} })

  static readonly layer = (
    settings: TokenSettings
  ): Layer.Layer<TokenController, never, EcsReader | Journal | TokenIssuer | TokenSecrets> =>
    Layer.effect(
      TokenController,
      Effect.gen(function*() {
        const ecs = yield* EcsReader
        const issuer = yield* TokenIssuer
        const services = yield* Effect.context<Journal | TokenIssuer | TokenSecrets>()
        const demand = new TokenDemand(settings.forgetMillis)
        const memories = new Map<string, TokenMemory>()
        const unnamable = new ToldOnce()

        const memoryOf = (service: string): TokenMemory => {
          const memory = memories.get(service) ?? new TokenMemory()
          memories.set(service, memory)
          return memory
        }

        const keep = Effect.fnUntraced(function*(service: string) {
          const meshes = demand.meshesOf(service, yield* Clock.currentTimeMillis)
          if (meshes.length === 0) return done
          const secret = secretName(settings.secretNamePrefix, service)
          if (secret !== null) {
            return yield* reconcileToken({ secret, service, meshes, memory: memoryOf(service) }, settings)
          }
          if (unnamable.isNews(service)) {
            yield* Effect.logWarning(
              "A service's name can't be part of a secret's name, so it gets no dataplane token: give its tasks a " +
                "kuma.io/service of letters, digits and . - _"
            ).pipe(Effect.annotateLogs({ service }))
          }
          return done
        })

        const secretsAtOnce = yield* Semaphore.make(SECRETS_AT_ONCE)
        // What was begun is brought to its end, though its service is asked for again meanwhile.
        const keepOne = (service: string) =>
          secretsAtOnce.withPermit(Effect.andThen(noBreakOff, keep(service)))

        const lookAt = Effect.fnUntraced(function*(key: string) {
          const task = yield* ecs.describeTask(parseTaskKey(key))
          const service = demand.saw(key, task, yield* Clock.currentTimeMillis)
          if (service !== null) work.add(TOKEN + service)
          return done
        })

        const handle = (key: string): Effect.Effect<Outcome> =>
          (key.startsWith(TOKEN) ? keepOne(key.slice(TOKEN.length)) : lookAt(key)).pipe(
            Effect.provide(services),
            Effect.catchTag("AwsCallFailed", (failure) =>
              Effect.logWarning("ECS can't be asked whether a task wants a dataplane token").pipe(
                Effect.annotateLogs({ key, reason: failure.message }),
                Effect.as(retry(failure.message))
              ))
          )
        // Looks that wait for ECS side by side share its calls, also with the operator's own.
        const work = yield* makeWorkQueue(handle, { parallel: 20_000, keptForUrgent: 5_000 })

        yield* Effect.forkScoped(
          Stream.runForEach(issuer.changes, () =>
            Effect.sync(() => demand.services().forEach((service) => work.add(TOKEN + service)))).pipe(
              goOn("Following what may end tokens")
            )
        )
        return { wake: (taskKey, lane) => work.add(taskKey, undefined, lane) }
      })
    )
}
