/** What several policies say together, as the data plane takes them: the last one has the last word. Pure. */
import { mergePatch } from "../xds/policies/mergePatch.ts"
import { type Conf, isConf, mergeConfs, type Said } from "./policyParts.ts"

/** A rule of a route, told from others by its matches. */
const rulesOf = ({ rules }: Conf): ReadonlyArray<Conf> =>
  Array.isArray(rules) ? rules.filter(isConf) : []

const mergeRoutes = (confs: ReadonlyArray<Conf>): Conf => {
  const rules = new Map<string, Conf>()
  for (const rule of confs.flatMap(rulesOf)) {
    const key = JSON.stringify(rule["matches"])
    const before = rules.get(key)
    rules.set(key, before === undefined ? rule : mergePatch(before, rule))
  }
  return { ...Object.assign({}, ...confs), rules: [...rules.values()] }
}

/** Empty where nothing is said. */
export const mergeSaid = (said: ReadonlyArray<Said>): Conf => {
  const confs = said.map(({ conf }) => conf)
  if (said[0]?.policy.type === "MeshHTTPRoute") return mergeRoutes(confs)
  return mergeConfs(confs)
}
