/**
 * What a proxy costs everybody else, counted: a unit is about a microsecond of the event loop. Pure. What the mesh's
 * own changes cost isn't its doing.
 */
import { Context } from "effect"
import { Allowance, type AllowanceOptions } from "../Allowance.ts"
import { RecentlyUsed } from "../RecentlyUsed.ts"
import type { Outgoing } from "./Outgoing.ts"
import type { Received } from "./receive.ts"
import type { StreamState } from "./StreamState.ts"

/**
 * One proxy's, by whichever of its streams; as much again by those of health discovery. A proxy of 5,000 clusters
 * comes, or comes back, for a fifth of what may be spent at once; from then on it is a twentieth of the time there is.
 */
export const WORK: AllowanceOptions = { atOnce: 2_000_000, perSecond: 50_000 }

/** What is given to each proxy. */
export const WorkOfEach: Context.Reference<AllowanceOptions> = Context.Reference<AllowanceOptions>(
  "ecs-mesh/cp/server/WorkOfEach",
  { defaultValue: () => WORK }
)

/** Admission, registration, a translation. */
export const STREAM_WORK = 20_000
const REQUEST_WORK = 20
/** To decode, fold and answer one. */
const NAME_WORK = 8
/** A unit is worth so many of what is read, and of what is sent. */
const BYTES_TO_READ = 4
const BYTES_TO_SEND = 256

/** Proxies whose work is remembered; who is forgotten begins anew. */
const REMEMBERED = 10_000

/** Names that are looked at with each request and each response. */
const pendingIn = ({ subscriptions }: StreamState): number => {
  let sum = 0
  for (const { pending } of subscriptions.values()) sum += pending.size
  return sum
}

/** `otherBytes`: of what isn't names. Every second of them may be a message of its own. */
export const requestWork = ({ asked, state }: Received, otherBytes = 0): number =>
  REQUEST_WORK + NAME_WORK * asked + Math.ceil(Math.max(0, otherBytes) / BYTES_TO_READ) + pendingIn(state)

/** Whether anything may be sent that the mesh's changes alone wouldn't have sent. */
export const asksFor = ({ answered, asked }: Received): boolean => asked > 0 || answered?._tag !== "Acked"

export const responseWork = ({ resources }: Outgoing, state: StreamState): number => {
  let bytes = 0
  for (const resource of resources) bytes += resource.bytes.length
  return REQUEST_WORK + Math.ceil(bytes / BYTES_TO_SEND) + pendingIn(state)
}

/** A report of a proxy's health. */
export const reportWork = (bytes: number): number => 5 * REQUEST_WORK + Math.ceil(bytes / BYTES_TO_READ)

/** The allowances of proxies, by their keys. */
export class Allowances {
  readonly #each: AllowanceOptions
  readonly #known = new RecentlyUsed<Allowance>(REMEMBERED)

  constructor(each: AllowanceOptions) {
    this.#each = each
  }

  of(key: string, now: number): Allowance {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const allowance = new Allowance(this.#each, now)
    this.#known.set(key, allowance)
    return allowance
  }
}
