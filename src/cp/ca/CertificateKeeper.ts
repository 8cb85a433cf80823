/**
 * Keeps the certificates of all proxies that are there: has each one issued when it comes, and anew when it is due or
 * its mesh or its tags changed, and says so. One timer for all of them. Those who have none come first, then the others
 * as they became due, a few at a time, so that whatever else is to be done has its turn.
 *
 * An authority that fails is asked for one proxy at a time and ever more seldom (`Breaker`); what proxies have they
 * keep.
 */
import { Clock, Duration, Effect, type Fiber, FiberSet } from "effect"
import { backoffMillis } from "./Breaker.ts"
import {
  CaUnavailable,
  CertificateAuthority,
  type NoIdentity,
  type WorkloadCertificate
} from "./CertificateAuthority.ts"
import { Deadlines } from "./Deadlines.ts"
import { type Keep, type KeepOrder, MeshKeeps } from "./MeshKeeps.ts"

export interface KeptCertificate {
  /** The proxy's tags may be others. */
  readonly look: () => void
  readonly end: () => void
}

export interface CertificateKeeper {
  readonly keep: (order: KeepOrder) => KeptCertificate
  /** The mesh's backends, or what its CA is made of, may be others: looks at all that are kept of it. */
  readonly reconfigured: (mesh: string) => void
}

/** An authority that takes longer has failed: making an RSA key of 4,096 bits takes seconds. */
export const ASK_MILLIS = 30_000
/** Steps until the event loop has its turn, whoever begins them: an authority may answer within the call that asks. */
const A_TURN = 32
/** Not in a busy loop where the authority still gives one that is due. */
const LEAST_MILLIS = 1_000
/** Timers know no longer ones than 24 days. */
const MOST_MILLIS = 24 * 3_600_000

export const makeCertificateKeeper = Effect.gen(function*() {
  const authority = yield* CertificateAuthority
  const clock = yield* Clock.Clock
  const run = yield* FiberSet.makeRuntime<never, void, never>()
  const meshes = new Map<string, MeshKeeps>()
  const deadlines = new Deadlines<Keep | MeshKeeps>()
  let timer: { readonly at: number; readonly fiber: Fiber.Fiber<void> } | null = null

  const now = (): number => clock.currentTimeMillisUnsafe()

  const arm = (): void => {
    const next = deadlines.next
    if (next === undefined || (timer !== null && timer.at <= next.at)) return
    timer?.fiber.interruptUnsafe()
    const wait = Math.min(MOST_MILLIS, Math.max(0, next.at - now()))
    timer = { at: next.at, fiber: run(Effect.andThen(Effect.sleep(Duration.millis(wait)), Effect.sync(onTime))) }
  }

  const onTime = (): void => {
    timer = null
    const at = now()
    const touched = new Set<MeshKeeps>()
    for (let due = deadlines.take(at); due !== undefined; due = deadlines.take(at)) {
      if (due instanceof MeshKeeps) touched.add(due)
      else touched.add(due.mesh.look(due))
    }
    for (const mesh of touched) work(mesh)
    arm()
  }

  const wake = (deadline: Keep | MeshKeeps, at: number): void => {
    deadlines.set(deadline, at)
    arm()
  }

  const settle = (keep: Keep, certificate: WorkloadCertificate, trustBundle: string): void => {
    keep.failures = 0
    wake(keep, Math.max(now() + LEAST_MILLIS, certificate.renewAt))
    if (keep.certificate === certificate && keep.trustBundle === trustBundle) return
    keep.certificate = certificate
    keep.trustBundle = trustBundle
    // What is wrong with whoever gets it must not keep the others waiting.
    try {
      keep.order.onCertificate(certificate, trustBundle)
    } catch (error) {
      run(Effect.logError("A proxy's certificate can't be handed on", error).pipe(
        Effect.annotateLogs({ mesh: keep.mesh.name, proxy: keep.order.proxy })
      ))
    }
  }

  const warn = (message: string, facts: Readonly<Record<string, unknown>>): void => {
    run(Effect.logWarning(message).pipe(Effect.annotateLogs(facts)))
  }

  /** The authority failed: for this one, or for all where it is null. */
  const fail = (mesh: MeshKeeps, keep: Keep | null, error: CaUnavailable): void => {
    const { breaker } = mesh
    const [wasOpen, probeAt] = [breaker.isOpen, breaker.probeAt]
    // Asked for anew before the next one asks: it may have been mended since.
    mesh.fresh = false
    if (keep === null) breaker.trip(now())
    else breaker.failed(keep, now())
    if (!breaker.isOpen && keep !== null) {
      if (keep.ended) return
      wake(keep, now() + backoffMillis(keep.failures))
      return warn("A proxy's certificate can't be had; it keeps the one it has", {
        mesh: mesh.name,
        proxy: keep.order.proxy,
        error: error.message
      })
    }
    // From now on they wait with all others, to be served as soon as it is back.
    if (keep !== null && !keep.ended) mesh.want(keep)
    if (!wasOpen) {
      for (const other of breaker.failing) {
        deadlines.remove(other)
        if (!other.asking && !other.ended) mesh.want(other)
      }
    }
    if (breaker.probeAt === probeAt) return
    warn("A mesh's certificates can't be had; its proxies keep those they have", {
      mesh: mesh.name,
      waiting: mesh.waiting,
      error: error.message
    })
  }

  const within = <A, E>(mesh: string, asked: Effect.Effect<A, E>): Effect.Effect<A, E | CaUnavailable> =>
    Effect.timeoutOrElse(asked, {
      duration: Duration.millis(ASK_MILLIS),
      orElse: () => Effect.fail(new CaUnavailable({ mesh, message: `no answer within ${ASK_MILLIS / 1_000} s` }))
    }).pipe(
      Effect.catchDefect((defect) =>
        Effect.fail(new CaUnavailable({ mesh, message: `a fault of our own: ${String(defect)}` }))
      )
    )

  const open = (mesh: MeshKeeps): void => {
    const configured = mesh.configured
    mesh.opening = true
    run(Effect.match(within(mesh.name, authority.open(mesh.name)), {
      onSuccess: (opened) => {
        mesh.opening = false
        mesh.authority = opened
        mesh.fresh = mesh.configured === configured
        work(mesh)
      },
      onFailure: (error) => {
        mesh.opening = false
        fail(mesh, null, error)
        work(mesh)
      }
    }))
  }

  const answered = (keep: Keep, error: CaUnavailable | NoIdentity | null): void => {
    const { mesh } = keep
    mesh.asking -= 1
    keep.asking = false
    if (error === null && mesh.breaker.succeeded()) {
      run(Effect.logInfo("A mesh's certificates can be had again").pipe(Effect.annotateLogs({ mesh: mesh.name })))
    }
    if (error !== null) keep.failures += 1
    // Also where its proxy has left meanwhile: what was heard of the authority is heard.
    if (error?._tag === "CaUnavailable") fail(mesh, keep, error)
    if (keep.ended) return
    // Nothing but other tags can mend it, and whoever changes them says so.
    if (error?._tag === "NoIdentity") {
      warn("A proxy can have no certificate", { mesh: mesh.name, proxy: keep.order.proxy, error: error.message })
    }
    if (keep.again) mesh.look(keep)
  }

  /** What was begun is waited for, whatever changes meanwhile: given up, it would be issued once more. */
  const ask = (keep: Keep): void => {
    const { mesh, order } = keep
    if (mesh.authority === null) return
    const { certificate, trustBundle } = mesh.authority
    mesh.asking += 1
    keep.asking = true
    keep.again = false
    deadlines.remove(keep)
    const asked = Effect.suspend(() => certificate({ proxy: order.proxy, tags: order.tags() }))
    run(Effect.match(within(mesh.name, asked), {
      onSuccess: (issued) => {
        answered(keep, null)
        if (!keep.ended) settle(keep, issued, trustBundle)
        work(mesh)
      },
      onFailure: (error) => {
        answered(keep, error)
        work(mesh)
      }
    }))
  }

  /** Does the next thing that is to be done for the mesh; answers whether there was one that can be done now. */
  const step = (mesh: MeshKeeps): boolean => {
    if (mesh.opening) return false
    if (mesh.waiting === 0) {
      // Whoever comes next asks for it as it is then.
      if (mesh.asking === 0) mesh.fresh = false
      return false
    }
    const allowed = mesh.breaker.allowed(now())
    if (!mesh.fresh || mesh.authority === null) {
      if (allowed === 0) return false
      open(mesh)
      return true
    }
    const looked = mesh.nextToLook()
    if (looked !== undefined) {
      const { proxy, tags } = looked.order
      const certificate = mesh.authority.current({ proxy, tags: tags() })
      if (certificate === undefined) mesh.want(looked)
      else settle(looked, certificate, mesh.authority.trustBundle)
      return true
    }
    const next = mesh.asking < allowed ? mesh.nextToAsk() : undefined
    if (next !== undefined) ask(next)
    return next !== undefined
  }

  const work = (mesh: MeshKeeps): void => {
    if (mesh.working || mesh.turn !== null) return
    mesh.working = true
    try {
      while (mesh.steps < A_TURN && step(mesh)) mesh.steps += 1
    } finally {
      mesh.working = false
    }
    if (mesh.steps === A_TURN) {
      mesh.turn = setImmediate(() => {
        mesh.turn = null
        mesh.steps = 0
        work(mesh)
      })
    } else if (mesh.breaker.isOpen && mesh.waiting > 0 && mesh.breaker.probeAt > now()) {
      wake(mesh, mesh.breaker.probeAt)
    }
  }

  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const { turn } of meshes.values()) if (turn !== null) clearImmediate(turn)
    })
  )

  const keep: CertificateKeeper["keep"] = (order) => {
    const mesh = meshes.get(order.mesh) ?? new MeshKeeps(order.mesh)
    meshes.set(order.mesh, mesh)
    const kept: Keep = {
      order,
      mesh,
      at: 0,
      place: -1,
      certificate: null,
      trustBundle: null,
      failures: 0,
      asking: false,
      again: false,
      ended: false
    }
    mesh.all.add(kept)
    mesh.look(kept)
    // Back from a cut connection while the authority can't be had: it goes on with what it has, as the others do.
    const { authority: last, breaker, fresh } = mesh
    const before = breaker.isOpen && !fresh ? last?.current({ proxy: order.proxy, tags: order.tags() }) : undefined
    if (last !== null && before !== undefined) settle(kept, before, last.trustBundle)
    work(mesh)
    return {
      look: () => {
        if (kept.ended) return
        mesh.look(kept)
        work(mesh)
      },
      end: () => {
        if (kept.ended) return
        kept.ended = true
        mesh.forget(kept)
        deadlines.remove(kept)
        authority.left(order.mesh, order.proxy)
      }
    }
  }

  return {
    keep,
    reconfigured: (name) => {
      const mesh = meshes.get(name)
      if (mesh === undefined) return
      if (mesh.all.size === 0 && mesh.asking === 0) {
        meshes.delete(name)
        return
      }
      mesh.configured += 1
      mesh.fresh = false
      mesh.breaker.retry()
      for (const kept of mesh.all) mesh.look(kept)
      work(mesh)
    }
  } satisfies CertificateKeeper
})
