/**
 * Asks proxies' Envoys how they are doing. Receives where a proxy listens, as it is registered, and answers what its
 * Envoy says; never asks anything that changes an Envoy, and shows nothing that it can't tell to be that proxy's.
 */
import { Clock, Context, Effect, Layer, Schema } from "effect"
import type { ProxyId } from "../../model/ProxyType.ts"
import { joinHostPort } from "../joinHostPort.ts"
import { makeClient } from "./adminCa.ts"
import { AdminKeys } from "./AdminKeys.ts"
import { adminHost } from "./adminNames.ts"
import { isAskable } from "./addresses.ts"
import { askPlainly, askSecurely, type Asked } from "./askEnvoy.ts"

/** `message`: why, and what to do. */
export class NotAsked extends Schema.TaggedError<NotAsked>()("NotAsked", {
  reason: Schema.Literals(["NoKeys", "AddressRefused", "TooMany", "Unreachable", "AnswerRefused"]),
  message: Schema.String
}) {}

export interface EnvoyQuestion {
  readonly proxy: ProxyId
  readonly address: string
  readonly port: number
  /** Path and query. */
  readonly path: string
  /** In the clear, to Envoy's own admin interface: for proxies of this very host alone. */
  readonly isPlain?: boolean
}

export interface EnvoyAdmin {
  readonly ask: (question: EnvoyQuestion) => Effect.Effect<Buffer, NotAsked>
}

/** Null where there is nobody to ask with: an API without a control plane. */
export const EnvoyAdmin = Context.Reference<EnvoyAdmin | null>("ecs-mesh/cp/admin/EnvoyAdmin", {
  defaultValue: () => null
})

/** Each answer may take as much memory as `askEnvoy` lets it. */
const AT_ONCE = 4

const NO_KEYS = new NotAsked({
  reason: "NoKeys",
  message: "this control plane has no keys to ask proxies with: its log says why since its start"
})

const refusalOf = ({ address, port }: EnvoyQuestion, asked: Exclude<Asked, { _tag: "Answered" }>): NotAsked => {
  const at = joinHostPort(address, port)
  switch (asked._tag) {
    case "Unreachable":
      return new NotAsked({
        reason: "Unreachable",
        message: `${at} can't be reached (${asked.why}). The control plane asks a proxy at its own address: the ` +
          `security group of its task has to let the control plane in on TCP port ${port}`
      })
    case "Refused":
      return new NotAsked({
        reason: "AnswerRefused",
        message: `${at} answers, but not as this proxy's Envoy (${asked.why}): another proxy may have that address by ` +
          "now, or it hasn't taken its newest configuration"
      })
    case "TooLarge":
      return new NotAsked({ reason: "AnswerRefused", message: `${at} answers more than ${asked.limit} bytes` })
  }
}

export const makeEnvoyAdmin = (keys: AdminKeys | null): EnvoyAdmin => {
  let underWay = 0
  const send = (question: EnvoyQuestion, signal: AbortSignal, now: number): Promise<Asked> | null => {
    if (question.isPlain === true) return askPlainly(question, signal)
    if (keys === null) return null
    return makeClient(keys, now).then((client) =>
      askSecurely({ ...question, host: adminHost(question.proxy), caPem: keys.ca.certificatePem, client }, signal))
  }
  const ask = Effect.fnUntraced(function*(question: EnvoyQuestion) {
    if (!isAskable(question.address)) {
      return yield* new NotAsked({
        reason: "AddressRefused", message: `${question.address} isn't an address at which a proxy is asked`
      })
    }
    const now = yield* Clock.currentTimeMillis
    const asked = yield* Effect.promise(async (signal) => await send(question, signal, now))
    if (asked === null) return yield* NO_KEYS
    return asked._tag === "Answered" ? asked.body : yield* refusalOf(question, asked)
  })
  return {
    ask: (question) =>
      Effect.suspend(() => {
        if (underWay >= AT_ONCE) {
          return new NotAsked({ reason: "TooMany", message: `${AT_ONCE} proxies are being asked: try again in a moment` })
        }
        underWay += 1
        return Effect.ensuring(ask(question), Effect.sync(() => void (underWay -= 1)))
      })
  }
}

export const envoyAdminLive = Layer.effect(EnvoyAdmin, Effect.map(AdminKeys, makeEnvoyAdmin))
