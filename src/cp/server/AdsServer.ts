/**
 * The gRPC side of the data plane's door: both variants of ADS. Admits a stream by its first request, gives it the
 * proxy's snapshots, tells journal, insight and metrics what happens, and closes it as soon as the right to it is lost.
 * Knows nothing of meshes, certificates or Envoy's resources.
 */
import { Server, ServerCredentials, type ServerDuplexStream, status } from "@grpc/grpc-js"
import { Context, Effect, FiberSet, Layer } from "effect"
import type { ServerHttp2Session } from "node:http2"
import type { TLSSocket } from "node:tls"
import { Journal } from "../../model/Journal.ts"
import { proxyKey } from "../../model/proxyResource.ts"
import type { ProxyId } from "../../model/ProxyType.ts"
import { formatKey } from "../../model/Resource.ts"
import { Authenticator, type Identity, type ProxyClaim } from "../auth/Authenticator.ts"
import { count, proxiesConnected, refusals } from "../diagnostics/metrics.ts"
import { News } from "../diagnostics/News.ts"
import { Ration, REFUSALS_A_MINUTE } from "../diagnostics/Ration.ts"
import { Insights } from "../insight/Insights.ts"
import { ResourceCache } from "../snapshot/ResourceCache.ts"
import type { NackPolicy } from "./ack.ts"
import { admission, NotAdmitted } from "./admission.ts"
import { Traces } from "../tracing/Traces.ts"
import { acceptCall, type Excess, type Newcomer } from "./acceptCall.ts"
import { deltaProtocol, sotwProtocol } from "./AdsProtocol.ts"
import { adsService } from "./adsService.ts"
import { AdsStream, type CloseReason } from "./AdsStream.ts"
import { Bookkeeper } from "./Bookkeeper.ts"
import { HealthDiscovery } from "./hds/HealthDiscovery.ts"
import { hdsService } from "./hds/hdsService.ts"
import { http2ServersOf } from "./http2ServersOf.ts"
import { keepRepeatedCredentials } from "./keepRepeatedCredentials.ts"
import { MAX_REQUEST_BYTES } from "./limits.ts"
import { Liveness } from "./Liveness.ts"
import { type OpenStream, OpenStreams } from "./OpenStreams.ts"
import { pacing } from "./Pace.ts"
import { ProxyRegistration } from "./ProxyRegistration.ts"
import { ProxySnapshots } from "./ProxySnapshots.ts"
import type { ProxyStream } from "./ProxyStream.ts"
import { readNode } from "./readNode.ts"
import { resetAnswered } from "./resetAnswered.ts"
import { PARTS, RightsWatch } from "./RightsWatch.ts"
import { workShares } from "./workShares.ts"

export interface AdsServerOptions {
  readonly policy: NackPolicy
  /** How often every open stream's right is looked at again, besides at once when something changed. */
  readonly recheckMillis: number
  /** How long a stream may take to send its first request. */
  readonly firstRequestMillis: number
  /** How long a connection may stay without a stream. */
  readonly connectionIdleMillis: number
}

/** An Envoy has one; clients that share a connection, as those of some languages do, have more. */
const MAX_STREAMS_A_CONNECTION = 256

const serverOptions = ({ connectionIdleMillis }: AdsServerOptions) => ({
  interceptors: [pacing],
  "grpc.max_receive_message_length": MAX_REQUEST_BYTES,
  "grpc.max_send_message_length": -1,
  // Whoever completes a TLS handshake gets this far: what costs nothing to hold mustn't be held for ever.
  "grpc.max_connection_idle_ms": connectionIdleMillis,
  "grpc.max_concurrent_streams": MAX_STREAMS_A_CONNECTION,
  // What grpc-js would count of each connection and message for its own inspection service, which isn't served here.
  "grpc.enable_channelz": 0
})

const STOPPING: CloseReason = { code: status.UNAVAILABLE, message: "the control plane stops; connect again" }
const TAKEN_OVER: CloseReason = { code: status.ABORTED, message: "a newer stream of this proxy took over" }
const LAST_WORDS_MILLIS = 100

/**
 * Envoys ping every 10 s (bootstrapConfig): they are never asked. A peer that vanished right after it was looked at is
 * silent twice and doesn't answer: it is noticed within some 30 s.
 */
const LIVENESS = { silenceMillis: 11_000, answerMillis: 6_000 }
const LOOK_MILLIS = 1_000

export class AdsServer extends Context.Service<
  AdsServer,
  {
    /** Hands over a connection whose TLS handshake chose h2. */
    readonly inject: (socket: TLSSocket) => void
    /** Proxies with an open stream here. */
    readonly connected: () => ReadonlyArray<ProxyId>
    /** The proxy's stream as it is now; null where none is open here. */
    readonly stream: (proxy: ProxyId) => ProxyStream | null
  }
>()("ecs-mesh/cp/server/AdsServer") {
  static readonly layer = (options: AdsServerOptions) =>
    Layer.effect(
      AdsServer,
      Effect.gen(function*() {
        const authenticator = yield* Authenticator
        const cache = yield* ResourceCache
        const insights = yield* Insights
        const health = yield* HealthDiscovery
        const journal = yield* Journal
        const registration = yield* ProxyRegistration
        const snapshots = yield* ProxySnapshots
        const context = yield* Effect.context<never>()
        const run = yield* FiberSet.makeRuntime<never, void, never>()
        const admit = yield* admission
        const streams = new OpenStreams()
        const books = new Bookkeeper({ journal, context, log: run, traces: yield* Traces })
        const sockets = new Map<string, TLSSocket>()
        let stopping = false
        const news = new News()
        const work = yield* workShares
        const ration = new Ration(REFUSALS_A_MINUTE)

        const refuse = (claim: ProxyClaim, refused: { readonly reason: string; readonly message: string }) =>
          Effect.sync(() => {
            count(refusals, 1, context, { door: "ads", reason: refused.reason })
            if (ration.takes(Date.now())) {
              journal.append({
                kind: "refused",
                key: formatKey(proxyKey(claim)),
                door: "ads",
                reason: refused.reason,
                message: refused.message
              })
            }
            return news.isNews(`${formatKey(proxyKey(claim))} ${refused.reason}`, Date.now())
          }).pipe(
            Effect.flatMap((isNews) => isNews ? Effect.logWarning("Refused a proxy's stream") : Effect.void),
            Effect.annotateLogs({
              proxy: formatKey(proxyKey(claim)),
              peer: claim.peerAddress ?? "unknown",
              reason: refused.reason,
              message: refused.message
            })
          )

        const exceeded = (claim: ProxyClaim, excess: Excess): void => void run(refuse(claim, excess))

        /** Cuts the connection that a call came by. */
        const killer = (call: { readonly getPeer: () => string }) => () => void sockets.get(call.getPeer())?.destroy()

        const open = (newcomer: Newcomer, identity: Identity): AdsStream => {
          const { call, claim } = newcomer
          const key = formatKey(proxyKey(claim))
          const pace = work.follow(call, key)
          // The proxy came back before its old connection was noticed to be dead.
          streams.of(key)?.stream.close(TAKEN_OVER)
          const recorder = insights.open(claim, readNode(newcomer.metadata), Date.now())
          const booked = { key, recorder }
          const stream = new AdsStream(call, { claim, identity, recorder }, {
            state: newcomer.state,
            encode: newcomer.encode,
            policy: options.policy,
            onEvent: (event) => books.note(booked, event),
            spend: (work, now) => pace.spend(work, now),
            kill: killer(call)
          })
          // What its older stream did comes before.
          books.noteStream({ kind: "connected", key, proxy: claim, identity: facts(identity) })
          const unfollow = snapshots.follow(claim, newcomer.metadata, {
            onSnapshot: (published) => stream.publish(published),
            onCertificate: (certificate) => recorder.record({ _tag: "Certified", certificate, at: Date.now() })
          })
          let left = false
          const leave = (reason: string): void => {
            if (left) return
            left = true
            streams.remove(open)
            unfollow()
            stream.end()
            count(proxiesConnected, streams.size, context)
            books.settle()
            recorder.record({ _tag: "Disconnected", at: Date.now() })
            books.noteStream({ kind: "disconnected", key, proxy: claim, reason })
            if (!stopping) run(registration.disconnected(claim))
          }
          const open: OpenStream = { key, stream, leave }
          // Not when its dead connection gives way: until then it would count beside the newer one. And not before the
          // newer one follows: what is kept for the proxy would be made anew.
          streams.add(open)?.leave(TAKEN_OVER.message)
          count(proxiesConnected, streams.size, context)
          newcomer.onLeft(leave)
          run(Effect.logInfo("A proxy connected").pipe(Effect.annotateLogs({ proxy: key, method: identity.method })))
          return stream
        }

        const welcome = (newcomer: Newcomer): void => {
          const { claim } = newcomer
          const key = formatKey(proxyKey(claim))
          if (stopping) return newcomer.refused(STOPPING)
          run(
            admit(newcomer).pipe(
              Effect.flatMap((identity) => Effect.map(work.comeIn(key), (isNewest) => ({ identity, isNewest }))),
              Effect.flatMap(({ identity, isNewest }) => {
                if (!isNewest) newcomer.refused(TAKEN_OVER)
                if (newcomer.hasLeft()) return registration.disconnected(claim)
                return Effect.sync(() =>
                  stopping ? newcomer.refused(STOPPING) : newcomer.admitted(open(newcomer, identity))
                )
              }),
              Effect.catchTag("NotAdmitted", (refused: NotAdmitted) =>
                refuse(claim, refused).pipe(
                  Effect.andThen(Effect.sync(() =>
                    newcomer.refused({ code: refused.code, message: `${refused.reason}: ${refused.message}` })
                  ))
                )),
              Effect.catchDefect((defect) =>
                Effect.logError("Admitting a proxy failed", defect).pipe(
                  Effect.andThen(Effect.sync(() =>
                    newcomer.refused({ code: status.INTERNAL, message: "the control plane failed; see its log" })
                  ))
                ))
            )
          )
        }

        const rights = new RightsWatch(streams, {
          lost: authenticator.lost,
          onLost: ({ leave, stream }, lost) => {
            const message = `${lost.reason}: ${lost.message}`
            stream.close({ code: status.PERMISSION_DENIED, message })
            leave(message)
            run(refuse(stream.admitted.claim, lost))
          },
          onFault: (fault) => run(Effect.logError("Looking at an open stream's right failed; it goes on", fault))
        })

        const grpc = new Server(serverOptions(options))
        const accept = { firstRequestMillis: options.firstRequestMillis, welcome, exceeded }
        grpc.addService(adsService, {
          DeltaAggregatedResources: (call: ServerDuplexStream<unknown, Buffer>) =>
            acceptCall(call, deltaProtocol(options.policy), accept),
          StreamAggregatedResources: (call: ServerDuplexStream<unknown, Buffer>) =>
            acceptCall(call, sotwProtocol(options.policy), accept)
        })
        grpc.addService(hdsService, {
          StreamHealthCheck: (call: Parameters<typeof health.accept>[0]) => health.accept(call, killer(call))
        })
        const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure())
        keepRepeatedCredentials(grpc)
        resetAnswered(grpc)
        const life = new Liveness(LIVENESS)
        for (const server of http2ServersOf(grpc)) {
          server.on("session", (session: ServerHttp2Session) => life.watch(session, Date.now()))
        }

        yield* Effect.acquireRelease(
          Effect.sync(() => cache.onChange((changes) => rights.onChange(changes))),
          (stop) =>
            Effect.sync(() => {
              stop()
              rights.stop()
            })
        )
        yield* Effect.acquireRelease(
          Effect.sync(() => setInterval(() => life.look(Date.now()), LOOK_MILLIS).unref()),
          (looking) => Effect.sync(() => clearInterval(looking))
        )
        yield* Effect.acquireRelease(
          Effect.sync(() => setInterval(() => rights.sweep(), options.recheckMillis / PARTS).unref()),
          (sweeping) => Effect.sync(() => clearInterval(sweeping))
        )
        yield* Effect.addFinalizer(() =>
          Effect.gen(function*() {
            stopping = true
            const open = [...streams.all()]
            for (const { leave, stream } of open) {
              stream.close(STOPPING)
              leave(STOPPING.message)
            }
            books.end()
            // Lets the last words reach those that still read.
            if (open.length > 0) yield* Effect.sleep(LAST_WORDS_MILLIS)
            for (const socket of sockets.values()) socket.destroy()
            injector.destroy()
            grpc.forceShutdown()
          })
        )

        return AdsServer.of({
          inject: (socket) => {
            const peer = `${socket.remoteAddress}:${socket.remotePort}`
            sockets.set(peer, socket)
            socket.once("close", () => sockets.delete(peer))
            injector.injectConnection(socket)
          },
          connected: () =>
            Array.from(streams.all(), ({ stream: { admitted: { claim: { mesh, name, proxyType } } } }) =>
              ({ proxyType, mesh, name })),
          stream: (proxy) => streams.of(formatKey(proxyKey(proxy)))?.stream.looked ?? null
        })
      })
    )
}

/** What of an identity the journal keeps: who it is, and nothing of what proved it. */
const facts = (identity: Identity) =>
  identity.method === "aws-iam"
    ? { method: identity.method, accountId: identity.accountId, roleArn: identity.roleArn, taskId: identity.taskId }
    : { method: identity.method }
