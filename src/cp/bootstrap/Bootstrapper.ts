/**
 * Answers `/bootstrap`: judges who asks, finds the proxy's resource, gives Envoy's configuration. Every no says what
 * to change; what isn't known yet is told with when to come again. Writes nothing.
 */
import { Context, Effect, Layer } from "effect"
import { X509Certificate } from "node:crypto"
import type { BootstrapRequest } from "../../model/Bootstrap.ts"
import { completeResource } from "../../model/completeResource.ts"
import { DELTA_FEATURE } from "../../model/proxyFeatures.ts"
import { proxyKey, type ProxyResource } from "../../model/proxyResource.ts"
import { type AggregatedMetrics, prometheusMetrics } from "../../model/prometheusMetrics.ts"
import { nodeId, type ProxyId, type ProxyType } from "../../model/ProxyType.ts"
import { formatKey, type Resource } from "../../model/Resource.ts"
import { Journal } from "../../model/Journal.ts"
import { Authenticator } from "../auth/Authenticator.ts"
import type { ControlPlaneConfig } from "../config/ControlPlaneConfig.ts"
import { count, refusals } from "../diagnostics/metrics.ts"
import { News } from "../diagnostics/News.ts"
import { Ration, REFUSALS_A_MINUTE } from "../diagnostics/Ration.ts"
import { watchedInbounds } from "../hds/serviceProbes.ts"
import { judgeOwnResource } from "../server/judgeOwnResource.ts"
import { readOwnResource } from "../server/readOwnResource.ts"
import { ResourceCache } from "../snapshot/ResourceCache.ts"
import { ControlPlaneTls } from "../tls/ControlPlaneTls.ts"
import { type BootstrapAnswer, configAnswer, type Problem, problemAnswer } from "./BootstrapAnswer.ts"
import { bootstrapConfig } from "./bootstrapConfig.ts"
import { type Asked, decodeBootstrapRequest } from "./decodeBootstrapRequest.ts"
import { dialledHost, hostMismatch } from "./dialledHost.ts"
import { envoyCluster } from "./envoyCluster.ts"

/** One request as the HTTP server has it. */
export interface BootstrapCall {
  readonly body: string
  readonly host: string | undefined
  readonly accept: string
  readonly userAgent: string
  /** Every value of the Authorization header. */
  readonly authorization: ReadonlyArray<string>
  readonly peerAddress: string | null
  /** Port that the server really listens on. */
  readonly port: number
}

export type BootstrapperOptions = Pick<ControlPlaneConfig, "bootstrap" | "zone"> & {
  /** Whether proxies of this type bring along what they are; false: the operator says it. */
  readonly bringsOwn: (proxyType: ProxyType) => boolean
  readonly reloadableTokens: boolean
}

/** The feature by which a sidecar asks for state-of-the-world ADS. */
export const SOTW_FEATURE = "feature-sotw"

export class Bootstrapper extends Context.Service<
  Bootstrapper,
  { readonly answer: (call: BootstrapCall) => Effect.Effect<BootstrapAnswer> }
>()("ecs-mesh/cp/bootstrap/Bootstrapper") {
  static readonly layer = (options: BootstrapperOptions) =>
    Layer.effect(
      Bootstrapper,
      Effect.gen(function*() {
        const authenticator = yield* Authenticator
        const cache = yield* ResourceCache
        const journal = yield* Journal
        const tls = yield* ControlPlaneTls
        const certificate = new X509Certificate(tls.certificatePem)
        const context = yield* Effect.context<never>()
        const news = new News()
        const ration = new Ration(REFUSALS_A_MINUTE)

        const refuse = (proxy: ProxyId, peer: string | null, problem: Problem) =>
          Effect.sync(() => {
            const key = formatKey(proxyKey(proxy))
            count(refusals, 1, context, { door: "bootstrap", reason: problem.title })
            if (ration.takes(Date.now())) {
              const { detail: message, title: reason } = problem
              journal.append({ kind: "refused", key, door: "bootstrap", reason, message })
            }
            return problemAnswer(problem)
          }).pipe(
            Effect.tap(() =>
              news.isNews(`${nodeId(proxy)} ${problem.title}`, Date.now())
                ? Effect.logWarning("Refused a proxy's bootstrap")
                : Effect.void
            ),
            Effect.annotateLogs({
              proxy: nodeId(proxy),
              peer: peer ?? "unknown",
              reason: problem.title,
              message: problem.detail
            })
          )

        const resourceOf = ({ proxy, request }: Asked): ProxyResource | Problem => {
          if (options.bringsOwn(proxy.proxyType) && request.dataplaneResource) {
            const own = readOwnResource(request.dataplaneResource, proxy, options.zone)
            if ("violations" in own) return invalid(own.violations)
            const mesh = proxy.mesh === "" ? {} : cache.get({ type: "Mesh", mesh: "", name: proxy.mesh })?.spec
            return mesh === undefined
              ? invalid([{ field: "mesh", message: `mesh "${proxy.mesh}" does not exist` }])
              : completeResource(own.resource, options.zone, mesh)
          }
          return cache.get(proxyKey(proxy)) ?? unknown(proxy, taskOf(proxy))
        }
        const taskOf = (proxy: ProxyId) =>
          options.bringsOwn(proxy.proxyType) ? undefined : cache.get({ type: "EcsTask", mesh: "", name: proxy.name })

        const variantOf = ({ features }: BootstrapRequest): "delta" | "sotw" => {
          if (features?.includes(SOTW_FEATURE) === true) return "sotw"
          return options.bootstrap.deltaXds || features?.includes(DELTA_FEATURE) === true ? "delta" : "sotw"
        }

        const configure = (asked: Asked, resource: ProxyResource, call: BootstrapCall): BootstrapAnswer => {
          const { proxy, request } = asked
          const dialled = dialledHost(call.host)
          const host = options.bootstrap.xdsHost ?? dialled?.host ?? null
          if (host === null) {
            const detail = "the request's Host header names no host"
            return problemAnswer({ status: 400, title: "HostInvalid", detail })
          }
          const mismatch = hostMismatch(certificate, host)
          if (mismatch !== null) return problemAnswer({ status: 400, title: "SANMismatch", detail: mismatch })
          const notCa = request.caCert ? caProblem(request.caCert) : null
          if (notCa !== null) return problemAnswer({ status: 400, title: "NotCA", detail: notCa })
          const config = bootstrapConfig(request, {
            proxy,
            service: envoyCluster(resource),
            address: addressOf(resource),
            xdsHost: host,
            xdsPort: options.bootstrap.xdsPort ?? dialled?.port ?? call.port,
            connectTimeoutMillis: options.bootstrap.xdsConnectTimeoutMillis,
            caPem: request.caCert || tls.caPem,
            adminAddress: request.adminAddress || options.bootstrap.adminAddress,
            adminPort: request.adminPort ?? (resource.spec.networking?.admin?.port || options.bootstrap.adminPort),
            readinessPort: request.readinessPort ?? options.bootstrap.readinessPort,
            reloadableTokens: options.reloadableTokens,
            reportsHealth: resource.type === "Dataplane" && watchedInbounds(resource).length > 0,
            variant: variantOf(request)
          })
          return configAnswer(config, resource.spec.networking?.address ?? "", call.accept, aggregateOf(resource))
        }

        const aggregateOf = (resource: ProxyResource): ReadonlyArray<AggregatedMetrics> => {
          if (resource.type !== "Dataplane") return []
          const mesh = cache.get({ type: "Mesh", mesh: "", name: resource.mesh })?.spec
          return mesh === undefined ? [] : prometheusMetrics(mesh, resource.spec)?.aggregate ?? []
        }

        return Bootstrapper.of({
          answer: Effect.fnUntraced(function*(call) {
            const asked = decodeBootstrapRequest(call.body)
            if ("malformed" in asked) {
              return problemAnswer({ status: 400, title: "Bad Request", detail: asked.malformed })
            }
            if ("violations" in asked) return problemAnswer(invalid(asked.violations))
            const { proxy, request } = asked
            const credentials = credentialsOf(call.authorization, request.dataplaneToken)
            const claim = { ...proxy, peerAddress: call.peerAddress }
            const judged = yield* authenticator.authenticate(credentials, claim).pipe(
              Effect.catchTags({
                Refused: ({ message, reason }) => {
                  const status = credentials.length === 0 ? 422 : 403
                  return Effect.succeed<Problem>({ status, title: reason, detail: message })
                },
                NotYetKnown: ({ message, reason, retryAfterMillis }) =>
                  Effect.succeed<Problem>({ status: 503, title: reason, detail: message, retryAfterMillis })
              })
            )
            if ("status" in judged) return yield* refuse(proxy, call.peerAddress, judged)
            const resource = resourceOf(asked)
            if ("status" in resource) return unavailable(resource, call)
            const refused = judgeOwnResource(judged, resource)
            if (refused !== null) {
              const { message, reason } = refused
              return yield* refuse(proxy, call.peerAddress, { status: 403, title: reason, detail: message })
            }
            return configure(asked, resource, call)
          })
        })
      })
    )
}

/** As access logs name it. */
const addressOf = ({ spec: { networking } }: ProxyResource): string =>
  (networking !== undefined && "advertisedAddress" in networking ? networking.advertisedAddress : undefined) ||
  networking?.address || ""

/** kuma-dp sends its token in the body. One that is in header and body alike is one; two header lines are two. */
const credentialsOf = (authorization: ReadonlyArray<string>, inBody: string | undefined): ReadonlyArray<string> =>
  inBody === undefined || inBody === "" || (authorization.length === 1 && authorization[0] === inBody)
    ? authorization
    : [...authorization, inBody]

const invalid = (violations: NonNullable<Problem["violations"]>): Problem => ({
  status: 422,
  title: "Invalid",
  detail: violations.map(({ field, message }) => (field === "" ? message : `${field}: ${message}`)).join("; "),
  violations
})

/**
 * kuma-dp comes again after a 404 only where its body is empty ("Dataplane entity not found"); every other 4xx ends it.
 * It is known by the agent of Go's client, which it leaves as it is; whoever else asks is told what to do.
 */
const unavailable = (problem: Problem, { userAgent }: BootstrapCall): BootstrapAnswer => {
  const answer = problemAnswer(problem)
  return problem.status === 404 && userAgent.startsWith("Go-http-client/") ? { ...answer, body: "" } : answer
}

/** What the operator says that its owner has to change first; undefined where it is only a matter of time. */
const obstacleOf = ({ spec: { conditions } }: Resource<"EcsTask">): string | undefined =>
  conditions.find(({ reason, status, type }) =>
    type === "Registered" && status === "False" && reason !== "NotAccepted")?.message

const unknown = (proxy: ProxyId, task: Resource<"EcsTask"> | undefined): Problem => {
  const name = proxy.mesh === "" ? proxy.name : `${proxy.mesh}/${proxy.name}`
  if (task !== undefined) {
    const obstacle = obstacleOf(task)
    return {
      status: 503,
      title: "NotRegisteredYet",
      detail: `ECS task ${proxy.name} was seen (${task.spec.lastStatus}, ${task.spec.phase}) but isn't registered ` +
        (obstacle === undefined ? `yet as ${name}; come again in a moment` : `as ${name}: ${obstacle}`),
      retryAfterMillis: 1_000
    }
  }
  return {
    status: 404,
    title: "NotFound",
    detail: `there is no ${proxyKey(proxy).type} ${name}; create it, or start the sidecar with a --dataplane of its own`,
    retryAfterMillis: 3_000
  }
}

const caProblem = (pem: string): string | null => {
  try {
    return new X509Certificate(pem).ca
      ? null
      : "the certificate by which the data plane proxy verifies the control plane is no certificate authority (basic " +
        "constraint CA is false). Provide the CA that signed the control plane's certificate by --ca-cert-file or " +
        "KUMA_CONTROL_PLANE_CA_CERT_FILE"
  } catch {
    return "caCert isn't a PEM certificate"
  }
}
