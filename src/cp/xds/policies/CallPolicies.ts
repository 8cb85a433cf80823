/**
 * All that policies say of a proxy's calls. The same object for all proxies that the same policies are about, so that
 * what is made of it is made once and hangs on it.
 */
import type { BackendRef } from "../../../model/BackendRef.ts"
import type { AccessLogConf } from "../../../model/MeshAccessLog.ts"
import type { RetryConf } from "../../../model/MeshRetry.ts"
import type { TimeoutConf } from "../../../model/MeshTimeout.ts"
import type { Policies } from "../../../model/policies.ts"
import type { Resource } from "../../../model/Resource.ts"
import { onceFor } from "../share/onceFor.ts"
import { Recent } from "../share/Recent.ts"
import { type Callee, calleeKey } from "./Callee.ts"
import { type Confs, confsOf, type EffectOnCalls, effectsOnCalls } from "./effects.ts"
import { accessLogs } from "./MeshAccessLog.ts"
import { type HttpRoute, httpRoutes } from "./MeshHTTPRoute.ts"
import { retries } from "./MeshRetry.ts"
import { tcpBackends } from "./MeshTCPRoute.ts"
import { outboundTimeouts, type RouteTimeouts, routeTimeouts, type Timeouts, timeouts } from "./MeshTimeout.ts"
import type { CallConfs } from "./Reader.ts"
import { selectionsOf } from "./Selections.ts"

/** So many callees' policies are remembered. */
const MAX_CALLEES = 5000

export interface CallRoute extends HttpRoute {
  readonly timeouts: RouteTimeouts
  readonly retry: RetryConf | null
  readonly logs: AccessLogConf | null
}

/** What is said of calls to one callee. */
export interface CallPolicy {
  readonly timeouts: Timeouts
  readonly retry: RetryConf | null
  readonly confs: Confs
  readonly logs: AccessLogConf | null
  /** Null where no MeshHTTPRoute is about it. */
  readonly httpRoutes: ReadonlyArray<CallRoute> | null
  /** Null where no MeshTCPRoute is about it. */
  readonly tcpBackends: ReadonlyArray<BackendRef> | null
}

interface Said {
  readonly httpRoutes: ReadonlyArray<Resource<"MeshHTTPRoute">>
  readonly tcpRoutes: ReadonlyArray<Resource<"MeshTCPRoute">>
  readonly timeouts: CallConfs<TimeoutConf>
  readonly retries: CallConfs<RetryConf>
  readonly logs: CallConfs<AccessLogConf>
  readonly effects: ReadonlyArray<EffectOnCalls>
}

export class CallPolicies {
  readonly #said: Said
  readonly #known = new Recent<string, CallPolicy>(MAX_CALLEES)

  constructor(said: Said) {
    this.#said = said
  }

  of(callee: Callee): CallPolicy {
    return this.#known.get(calleeKey(callee), () => this.#read(callee))
  }

  #read(callee: Callee): CallPolicy {
    const { effects, logs, retries, tcpRoutes, timeouts } = this.#said
    const routes = httpRoutes(this.#said.httpRoutes, callee)
    return {
      timeouts: outboundTimeouts(timeouts.of(callee)),
      retry: retries.of(callee),
      confs: confsOf(effects, callee),
      logs: logs.of(callee),
      httpRoutes: routes === null ? null : routes.map((route) => ({
        ...route,
        timeouts: routeTimeouts(outboundTimeouts(timeouts.of(callee, route.id))),
        retry: retries.of(callee, route.id),
        logs: logs.of(callee, route.id)
      })),
      tcpBackends: tcpBackends(tcpRoutes, callee)
    }
  }
}

const selectedHttpRoutes = selectionsOf("MeshHTTPRoute")
const selectedTcpRoutes = selectionsOf("MeshTCPRoute")

/** Everything that goes into it, one step for each. */
interface Step {
  readonly next: (part: object) => Step
  made: CallPolicies | null
}

const step = (): Step => ({ next: onceFor(step), made: null })

const steps = step()

export const callPolicies = (policies: Policies, dataplane: Resource<"Dataplane">): CallPolicies => {
  const httpRoutes = selectedHttpRoutes(policies).dataplane(dataplane)
  const said: Said = {
    httpRoutes,
    tcpRoutes: selectedTcpRoutes(policies).dataplane(dataplane),
    timeouts: timeouts.calls(policies, dataplane, httpRoutes),
    retries: retries.calls(policies, dataplane, httpRoutes),
    logs: accessLogs.calls(policies, dataplane, httpRoutes),
    effects: effectsOnCalls(policies, dataplane, httpRoutes)
  }
  const { effects, ...others } = said
  const last = [...Object.values(others), ...effects].reduce((at: Step, part: object) => at.next(part), steps)
  return last.made ??= new CallPolicies(said)
}
