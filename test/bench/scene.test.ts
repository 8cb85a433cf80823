// Who calls whom in the bench: the same number of callers a service at every size, or its figures couldn't be compared.
import { expect, it } from "vitest"
import { INSTANCES, membersOf, OUTBOUNDS, sceneOf, serviceInstances } from "../../bench/mesh/Scene.ts"

it.each([100, 200, 500, 2_000])("of %i proxies 100 call each service, and 10 are each service", (proxies) => {
  const scene = sceneOf(proxies)
  const members = membersOf(scene)
  const callers = new Map<string, Set<string>>()
  for (const { calls, name } of members) {
    expect(new Set(calls).size).toBe(OUTBOUNDS)
    for (const called of calls) callers.set(called, (callers.get(called) ?? new Set()).add(name))
  }
  expect(callers.size).toBe(proxies / INSTANCES)
  expect(new Set([...callers.values()].map(({ size }) => size))).toEqual(new Set([100]))
  const instances = serviceInstances(scene)
  for (const service of callers.keys()) {
    expect(members.filter((member) => member.service === service)).toHaveLength(INSTANCES)
    expect(instances[service]).toBe(INSTANCES)
  }
})

it("all proxies have addresses of their own", () => {
  const addresses = membersOf(sceneOf(2_000)).map(({ dataplane }) => JSON.parse(dataplane ?? "{}").networking.address)
  expect(new Set(addresses).size).toBe(2_000)
})
