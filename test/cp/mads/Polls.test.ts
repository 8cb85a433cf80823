import { expect, it, vi } from "vitest"
import { Assignments } from "../../../src/cp/mads/Assignments.ts"
import { Polls } from "../../../src/cp/mads/Polls.ts"
import type { Resource } from "../../../src/model/Resource.ts"
import { useCleanups } from "../../support/useCleanups.ts"

const cleanups = useCleanups()
const T0 = "2026-01-01T00:00:00.000Z"
const common = { labels: {}, version: 1, creationTime: T0, modificationTime: T0 }

const mesh: Resource<"Mesh"> = {
  ...common, type: "Mesh", mesh: "", name: "default",
  spec: { metrics: { enabledBackend: "p", backends: [{ name: "p", type: "prometheus" }] } }
}
const dataplane = (name: string, address = "10.0.0.1"): Resource<"Dataplane"> => ({
  ...common, type: "Dataplane", mesh: "default", name,
  spec: { networking: { address, inbound: [{ port: 80, tags: { "kuma.io/service": "kv" } }] } }
})
const nameOf = (dataplane: string) => `/meshes/default/dataplanes/${dataplane}`

const start = () => {
  const assignments = new Assignments()
  const put = (...resources: ReadonlyArray<Resource>) =>
    assignments.apply(resources.map((after) => ({ key: after, before: undefined, after })))
  put(mesh, ...Array.from({ length: 50 }, (_, index) => dataplane(`kv-${index}`)))
  const polls = new Polls(assignments, { most: 100, mostOfOne: 100 })
  const wait = (...names: ReadonlyArray<string>) => {
    const wanted = new Set(names.map(nameOf))
    const { version } = wanted.size === 0 ? assignments.of("p") : assignments.some("p", wanted)
    let told: string | null = null
    const leave = polls.ask({ clientId: "p", version, names: wanted }, 60_000, "192.0.2.1", (answer) => {
      told = answer?.body.toString() ?? ""
    })
    cleanups.push(() => leave?.())
    return { told: () => told }
  }
  return { assignments, polls, put, wait }
}

it("a change costs nothing for those who wait for others", () => {
  const { assignments, polls, put, wait } = start()
  const waiting = Array.from({ length: 50 }, (_, index) => wait(`kv-${index}`, `other-${index}`))
  const some = vi.spyOn(assignments, "some")
  polls.wake(put(dataplane("kv-7", "10.0.0.2")))
  expect(some).toHaveBeenCalledTimes(1)
  expect(waiting.flatMap(({ told }, index) => (told() === null ? [] : index))).toEqual([7])
  polls.wake(put(dataplane("other-8", "10.0.0.2")))
  expect(some).toHaveBeenCalledTimes(2)
  expect(waiting[8]?.told()).toContain("10.0.0.2")
})

it("those who wait for all are told the same bytes", () => {
  const { assignments, polls, put, wait } = start()
  const waiting = Array.from({ length: 50 }, () => wait())
  polls.wake(put(dataplane("kv-7", "10.0.0.2")))
  const { body } = assignments.of("p")
  expect(waiting.every(({ told }) => told() === body.toString())).toBe(true)
})
