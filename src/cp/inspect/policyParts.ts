/** The parts of a policy that say something, whatever its type: of calls (`to`), of callers (`from`, `rules`). */
import type { Policy } from "../../model/policies.ts"
import { mergePatch } from "../xds/policies/mergePatch.ts"
import type { TargetRef } from "../../model/TargetRef.ts"

export type Conf = Readonly<Record<string, unknown>>

/** One thing that one policy says. */
export interface Said {
  readonly policy: Policy
  /** Its place among the policy's others. */
  readonly index: number
  readonly conf: Conf
  /** Whom it is said of; the whole mesh where that is all there is. */
  readonly targetRef: TargetRef
  /** Which of its requests; empty: all. */
  readonly matches: ReadonlyArray<unknown>
}

const MESH: TargetRef = { kind: "Mesh" }

/** Whether it has fields at all. */
export const isConf = (value: unknown): value is Conf =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isRef = (value: unknown): value is TargetRef => isConf(value)

const listOf = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])

const fieldOf = (value: unknown, field: string): unknown =>
  isConf(value) && Object.hasOwn(value, field) ? value[field] : undefined

/** Routes say what they say in rules; all of those are one conf. Of a MeshTCPRoute only the first counts. */
const confOf = ({ type }: Policy, item: unknown): unknown => {
  const rules = fieldOf(item, "rules")
  if (type === "MeshTCPRoute") return listOf(rules)[0]
  if (type === "MeshHTTPRoute") {
    const hostnames = fieldOf(item, "hostnames")
    return { ...(hostnames === undefined ? {} : { hostnames }), rules }
  }
  return fieldOf(item, "default")
}

export const saidIn = (policy: Policy, part: "to" | "from" | "rules"): ReadonlyArray<Said> =>
  listOf(fieldOf(policy.spec, part)).flatMap((item, index) => {
    const conf = confOf(policy, item)
    const ref = fieldOf(item, "targetRef")
    const matches = listOf(fieldOf(item, "matches"))
    return isConf(conf) ? [{ policy, index, conf, targetRef: isRef(ref) ? ref : MESH, matches }] : []
  })

/** The last one has the last word. */
export const mergeConfs = (confs: ReadonlyArray<Conf>): Conf =>
  confs.reduce((before, conf) => mergePatch(before, conf), {})

/** What a policy says of all of a proxy. */
export const saidOfAll = (policy: Policy): Conf | null => {
  const conf = fieldOf(policy.spec, "default")
  return isConf(conf) ? conf : null
}
