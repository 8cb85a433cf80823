// Random conversations of both protocols: at each step the folds answer what the plain model answers.
import { expect, it } from "vitest"
import { nextRetry } from "../../../src/cp/server/ack.ts"
import { nextResponse } from "../../../src/cp/server/nextResponse.ts"
import { receiveDelta, receiveSotw } from "../../../src/cp/server/receive.ts"
import { type StreamState, streamState } from "../../../src/cp/server/StreamState.ts"
import { versionOf } from "../../../src/cp/server/versionOf.ts"
import { type ProxySnapshot, TypeUrl, type XdsResource } from "../../../src/cp/xds/XdsResource.ts"
import { type NaiveResponse, NaiveStream } from "./NaiveStream.ts"
import { resource } from "./resources.ts"

const POLICY = { backoffMillis: 100, attempts: 3 }
const NAMES = ["a", "b", "c", "d"]
const TYPES = [TypeUrl.Cluster, TypeUrl.ClusterLoadAssignment, TypeUrl.Listener, TypeUrl.Secret]
const STEPS = 80

/** Repeatable numbers from 0 to below 1 (mulberry32). */
const numbersOf = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
}

class Dice {
  readonly next: () => number
  constructor(seed: number) {
    this.next = numbersOf(seed)
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  one<A>(of: ReadonlyArray<A>): A | undefined {
    return of[this.below(of.length)]
  }

  some<A>(of: ReadonlyArray<A>): Array<A> {
    return of.filter(() => this.next() < 0.4)
  }
}

/** Another snapshot: some types as they were, others with what comes, goes, changes, or changes back. */
const changed = (dice: Dice, before: ProxySnapshot): ProxySnapshot => {
  const after = new Map(before)
  for (const typeUrl of dice.some(TYPES)) {
    const resources = new Map<string, XdsResource>(before.get(typeUrl))
    for (const name of dice.some([...NAMES, ...NAMES])) {
      if (dice.next() < 0.3) resources.delete(name)
      else resources.set(name, resource(typeUrl, name, String(dice.below(3) + 1)))
    }
    if (dice.next() < 0.1) after.delete(typeUrl)
    else after.set(typeUrl, resources)
  }
  return after
}

const brief = (response: NaiveResponse | null) =>
  response === null ? null : [
    response.typeUrl,
    response.resources.map(({ name, version }) => `${name}@${version}`).sort(),
    [...response.removed].sort()
  ]

/** One conversation; answers how many resources went out. */
const converse = (protocol: StreamState["protocol"], seed: number): number => {
  const dice = new Dice(seed)
  const naive = new NaiveStream(protocol, POLICY)
  let state = streamState(protocol)
  let snapshot = changed(dice, new Map())
  let now = 0
  let carried = 0
  const open: Array<{ readonly typeUrl: TypeUrl; readonly nonce: string }> = []

  const ask = (typeUrl: TypeUrl, responseNonce: string, error: string | null, speaks: boolean): void => {
    const names = () => speaks ? [...dice.some(NAMES), ...(dice.next() < 0.15 ? ["*"] : [])] : []
    const versions = Object.fromEntries(dice.some(NAMES).map((name) => [name, String(dice.below(3) + 1)]))
    const delta = {
      typeUrl,
      responseNonce,
      error,
      resourceNamesSubscribe: names(),
      resourceNamesUnsubscribe: dice.next() < 0.3 ? names() : [],
      initialResourceVersions: dice.next() < 0.5 ? versions : {}
    }
    const same = versionOf([...(snapshot.get(typeUrl) ?? new Map()).values()])
    const listed = state.subscriptions.get(typeUrl)?.names ?? []
    const sotw = {
      typeUrl,
      responseNonce,
      error,
      versionInfo: dice.next() < 0.5 ? same : "",
      resourceNames: speaks ? names() : [...listed]
    }
    const received = protocol === "delta"
      ? receiveDelta(state, delta, { now, policy: POLICY })
      : receiveSotw(state, sotw, { now, policy: POLICY })
    state = received.state
    const answered = protocol === "delta" ? naive.delta(delta, now) : naive.sotw(sotw, now)
    expect(received.answered?._tag ?? "").toBe(answered)
  }

  for (let step = 0; step < STEPS; step++) {
    const roll = dice.next()
    if (roll < 0.2) snapshot = changed(dice, snapshot)
    else if (roll < 0.3) now += dice.below(300)
    else if (roll < 0.45) ask(dice.one(TYPES) ?? TypeUrl.Cluster, open.at(-1)?.nonce ?? "", null, true)
    else if (roll < 0.7) {
      const [sent] = open.splice(dice.below(open.length), 1)
      if (sent !== undefined) ask(sent.typeUrl, sent.nonce, dice.next() < 0.25 ? "bad" : null, dice.next() < 0.1)
    } else {
      const { outgoing, state: after } = nextResponse(state, snapshot, now)
      state = after
      expect(brief(outgoing)).toEqual(brief(naive.next(snapshot, now, outgoing?.resources[0]?.name)))
      if (outgoing === null) continue
      open.push(outgoing)
      carried += outgoing.resources.length
    }
    expect(nextRetry(state.subscriptions.values(), snapshot)).toBe(naive.wakesAt(snapshot))
  }
  return carried
}

it.each(["delta", "sotw"] as const)("a %s stream says what the plain model says, whatever happens", (protocol) => {
  let carried = 0
  for (let seed = 1; seed <= 1_000; seed++) {
    try {
      carried += converse(protocol, seed)
    } catch (cause) {
      throw new Error(`the conversation of seed ${seed} differs`, { cause })
    }
  }
  // They are about something.
  expect(carried).toBeGreaterThan(10_000)
})
