/**
 * Health discovery: tells a proxy which of its workload's ports to look at, and hands on what it reports. The door is
 * the same as for ADS: nothing is answered before the same judge admitted the proxy, and a stream ends with its right.
 */
import { type ServerDuplexStream, status } from "@grpc/grpc-js"
import { Context, Effect, FiberSet, Layer } from "effect"
import { Journal } from "../../../model/Journal.ts"
import { proxyKey } from "../../../model/proxyResource.ts"
import { nodeId } from "../../../model/ProxyType.ts"
import { formatKey, type ResourceKey } from "../../../model/Resource.ts"
import { Authenticator, type Identity, type ProxyClaim, type Refused } from "../../auth/Authenticator.ts"
import type { HealthConfig } from "../../config/HealthConfig.ts"
import { count, refusals } from "../../diagnostics/metrics.ts"
import { News } from "../../diagnostics/News.ts"
import { Ration, REFUSALS_A_MINUTE } from "../../diagnostics/Ration.ts"
import { healthChecks, readReport } from "./healthChecks.ts"
import { HealthWriter } from "../../hds/HealthWriter.ts"
import { ResourceCache } from "../../snapshot/ResourceCache.ts"
import { sameData } from "../../snapshot/sameData.ts"
import { adminPlace, type Place } from "../../xds/TranslateSettings.ts"
import { NotAdmitted } from "../admission.ts"
import { closeOrKill, type CloseReason } from "../AdsStream.ts"
import { nodeProxy } from "../nodeProxy.ts"
import { nodeSettings } from "../nodeSettings.ts"
import { paceOf } from "../Pace.ts"
import { peerAddress } from "../peerAddress.ts"
import { reportWork } from "../work.ts"
import { workShares } from "../workShares.ts"
import type { DecodedHealth, HealthMessage } from "./hdsService.ts"
import { newestOnly } from "./newestOnly.ts"

export interface HealthDiscoveryOptions {
  readonly config: HealthConfig
  /** How long a call may take to send its first request. */
  readonly firstRequestMillis: number
  /** How often every open stream's right is looked at, besides at each report. */
  readonly recheckMillis: number
}

type Call = ServerDuplexStream<DecodedHealth, Buffer>

interface Open {
  readonly claim: ProxyClaim
  readonly identity: Identity
  readonly key: ResourceKey<"Dataplane">
  readonly admin: Place | null
  /** Undefined before the first. */
  sent: Buffer | undefined
  /** Whether its Envoy said of itself how it is. */
  isHeard: boolean
  readonly send: (bytes: Buffer) => void
  readonly close: (reason: CloseReason) => void
}

const TAKEN_OVER: CloseReason = { code: status.ABORTED, message: "a newer stream of this proxy took over" }
const STOPPING: CloseReason = { code: status.UNAVAILABLE, message: "the control plane stops; connect again" }
const NO_REQUEST: CloseReason = { code: status.DEADLINE_EXCEEDED, message: "no health check request came" }

const invalid = (message: string): CloseReason => ({ code: status.INVALID_ARGUMENT, message })

export class HealthDiscovery extends Context.Service<
  HealthDiscovery,
  {
    /** `kill` cuts the connection of a proxy that doesn't even read its stream's end. */
    readonly accept: (call: Call, kill: () => void) => void
  }
>()("ecs-mesh/cp/server/hds/HealthDiscovery") {
  static readonly layer = (options: HealthDiscoveryOptions) =>
    Layer.effect(
      HealthDiscovery,
      Effect.gen(function*() {
        const authenticator = yield* Authenticator
        const cache = yield* ResourceCache
        const journal = yield* Journal
        const writer = yield* HealthWriter
        const context = yield* Effect.context<never>()
        const run = yield* FiberSet.makeRuntime<never, void, never>()
        const streams = new Map<string, Open>()
        const work = yield* workShares
        const news = new News()
        const ration = new Ration(REFUSALS_A_MINUTE)

        const refuse = (claim: ProxyClaim, { message, reason }: { readonly reason: string; readonly message: string }) =>
          Effect.suspend(() => {
            const key = formatKey(proxyKey(claim))
            count(refusals, 1, context, { door: "hds", reason })
            if (ration.takes(Date.now())) journal.append({ kind: "refused", key, door: "hds", reason, message })
            return news.isNews(`${key} ${reason}`, Date.now())
              ? Effect.logWarning("Refused a proxy's health stream").pipe(
                Effect.annotateLogs({ proxy: key, peer: claim.peerAddress ?? "unknown", reason, message })
              )
              : Effect.void
          })

        const judge = (credentials: ReadonlyArray<string>, claim: ProxyClaim) =>
          authenticator.authenticate(credentials, claim).pipe(
            Effect.catchTags({
              Refused: ({ message, reason }) =>
                new NotAdmitted({
                  code: credentials.length === 0 ? status.UNAUTHENTICATED : status.PERMISSION_DENIED, reason, message
                }),
              NotYetKnown: ({ message, reason }) => new NotAdmitted({ code: status.UNAVAILABLE, reason, message })
            })
          )

        /** Tells what is to be looked at, where that is another than it was told. */
        const tell = (open: Open): void => {
          const bytes = healthChecks(cache.get(open.key), open.admin, options.config)
          if (open.sent !== undefined && open.sent.equals(bytes)) return
          open.sent = bytes
          open.send(bytes)
        }

        const lose = (open: Open, lost: Refused): void => {
          open.close({ code: status.PERMISSION_DENIED, message: `${lost.reason}: ${lost.message}` })
          run(refuse(open.claim, lost))
        }

        /** A token may be good for some services only: a Dataplane of others is none of its business, either. */
        const look = (open: Open): boolean => {
          const lost = authenticator.lost(open.identity, open.claim)
          if (lost !== null) lose(open, lost)
          return lost === null
        }

        const hear = (open: Open, message: HealthMessage): void => {
          const node = message.case === "healthCheckRequest" ? message.value.node?.id ?? "" : ""
          if (node !== "" && node !== nodeId(open.claim)) {
            return open.close(invalid("the node id must stay the same for a whole stream"))
          }
          if (message.case !== "endpointHealthResponse" || !look(open)) return
          const report = { ...readReport(message.value), isFirst: !open.isHeard }
          open.isHeard ||= report.proxy !== null
          run(writer.write(open.key, report, Date.now()))
        }

        const accept = (call: Call, kill: () => void): void => {
          let open: Open | null = null
          let isJudged = false
          let isOver = false
          const end = (reason: CloseReason): void => {
            if (isOver) return
            leave()
            closeOrKill(call, reason, kill)
          }
          const leave = (): void => {
            isOver = true
            clearTimeout(patience)
            if (open !== null && streams.get(formatKey(open.key)) === open) streams.delete(formatKey(open.key))
          }
          const patience = setTimeout(() => end(NO_REQUEST), options.firstRequestMillis)

          const begin = (message: HealthMessage): void => {
            if (message.case !== "healthCheckRequest") return end(invalid("the first message must be a request"))
            clearTimeout(patience)
            isJudged = true
            const metadata = message.value.node?.metadata ?? {}
            const named = nodeProxy({ id: message.value.node?.id ?? "", metadata })
            if (named._tag === "Invalid") return end(invalid(named.message))
            const claim: ProxyClaim = { ...named.proxy, peerAddress: peerAddress(call.getPeer()) }
            const credentials = call.metadata.get("authorization").map((value) => value.toString())
            const admin = adminPlace(nodeSettings(metadata, { zone: "", accessLogPath: null }))
            run(
              judge(credentials, claim).pipe(
                Effect.flatMap((identity) =>
                  Effect.map(work.comeIn(formatKey(proxyKey(claim))), (isNewest) =>
                    isNewest ? admitted(claim, identity, admin) : end(TAKEN_OVER))),
                Effect.catchTag("NotAdmitted", (refused) =>
                  refuse(claim, refused).pipe(Effect.andThen(Effect.sync(() =>
                    end({ code: refused.code, message: `${refused.reason}: ${refused.message}` })
                  )))),
                Effect.catchDefect((defect) =>
                  Effect.logError("Admitting a proxy's health stream failed", defect).pipe(
                    Effect.andThen(Effect.sync(() =>
                      end({ code: status.INTERNAL, message: "the control plane failed; see its log" })
                    ))
                  ))
              )
            )
          }

          const admitted = (claim: ProxyClaim, identity: Identity, admin: Place | null): void => {
            if (isOver) return
            if (claim.proxyType !== "dataplane") return end(invalid("only dataplanes look at workloads"))
            const key: ResourceKey<"Dataplane"> = { type: "Dataplane", mesh: claim.mesh, name: claim.name }
            work.follow(call, formatKey(key))
            streams.get(formatKey(key))?.close(TAKEN_OVER)
            open = {
              claim, identity, key, admin, sent: undefined, isHeard: false,
              send: newestOnly((bytes, done) => isOver ? undefined : void call.write(bytes, done)), close: end
            }
            streams.set(formatKey(key), open)
            if (look(open)) tell(open)
          }

          call.on("data", (decoded: DecodedHealth) => {
            if (isOver) return
            if ("invalid" in decoded) return end(invalid(`not a health message: ${decoded.invalid}`))
            paceOf(call).spend(reportWork(decoded.bytes), Date.now())
            if (open !== null) hear(open, decoded.message)
            else if (isJudged) end(invalid("a report before the first answer"))
            else begin(decoded.message)
          })
          call.on("end", () => {
            leave()
            call.end()
          })
          call.on("cancelled", leave)
          call.on("close", leave)
        }

        yield* Effect.acquireRelease(
          Effect.sync(() =>
            cache.onChange((changes) => {
              if (streams.size === 0) return
              for (const { after, before, key } of changes) {
                const open = key.type === "Dataplane" ? streams.get(formatKey(key)) : undefined
                if (open !== undefined && !sameData(before?.spec, after?.spec)) tell(open)
              }
            })
          ),
          (stop) => Effect.sync(stop)
        )
        yield* Effect.acquireRelease(
          Effect.sync(() =>
            setInterval(() => {
              for (const open of [...streams.values()]) look(open)
            }, options.recheckMillis).unref()
          ),
          (looking) => Effect.sync(() => clearInterval(looking))
        )
        yield* Effect.addFinalizer(() =>
          Effect.sync(() => {
            for (const open of [...streams.values()]) open.close(STOPPING)
          })
        )

        return HealthDiscovery.of({ accept })
      })
    )
}
