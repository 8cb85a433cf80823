import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { AwsCallFailed } from "../../../src/controllers/aws/AwsCallFailed.ts"
import type { CloudMapNamespace, CloudMapService } from "../../../src/controllers/aws/CloudMapNamespace.ts"
import { cloudMapNames, readService } from "../../../src/controllers/names/cloudMapNames.ts"

const owner = { cluster: "c-1", zone: "zone-1", formerly: ["c-0"] }

const read = (description: string, instances = 1) =>
  readService({ id: "srv-1", name: "kv", description, instances }, owner)

describe("a service of Cloud Map", () => {
  it("is this control plane's, one's that is no more, or somebody else's, as its description says", () => {
    expect(read("ecs-mesh owner=c-1 zone=zone-1 address=127.4.0.1")).toEqual({ owner: "us", address: "127.4.0.1" })
    expect(read("ecs-mesh owner=c-0 zone=zone-1 address=127.4.0.1"))
      .toEqual({ owner: "us", address: "127.4.0.1", isFormer: true })
    expect(read("ecs-mesh owner=c-2 zone=zone-1 address=127.4.0.1")).toEqual({ owner: "others", cluster: "c-2" })
    expect(read("a user's")).toEqual({ owner: "others" })
    expect(read("formerly ecs-mesh owner=c-1 zone=zone-1 address=127.4.0.1")).toEqual({ owner: "others" })
    expect(read("ecs-mesh owner=c-1 zone=zone-1 address=127.4.0.1, by hand")).toEqual({ owner: "others" })
  })

  it("without an instance is still to be given one", () => {
    expect(read("ecs-mesh owner=c-1 zone=zone-1 address=127.4.0.1", 0)).toEqual({ owner: "us", address: null })
  })
})

const failure = (kind: AwsCallFailed["kind"], message: string) =>
  new AwsCallFailed({ service: "ServiceDiscovery", operation: "Change", kind, code: message, message })

/** As Cloud Map has it, but that a service's instance leaves at once. */
const namespaceOf = (...initial: ReadonlyArray<CloudMapService>) => {
  const services = new Map(initial.map((one) => [one.id, one]))
  const addresses = new Map<string, string>()
  /** By the name of what fails. */
  const failing = new Map<string, AwsCallFailed>()
  const edit = (id: string, change: Partial<CloudMapService>): Effect.Effect<void, AwsCallFailed> =>
    Effect.suspend(() => {
      const there = services.get(id)
      if (there === undefined) return Effect.fail(failure("absent", `no ${id}`))
      const failed = failing.get(there.name)
      if (failed !== undefined) return Effect.fail(failed)
      services.set(id, { ...there, ...change })
      return Effect.void
    })
  const namespace: CloudMapNamespace = {
    domain: Effect.succeed("mesh.local"),
    list: Effect.sync(() => [...services.values()]),
    create: (name, description) =>
      Effect.sync(() => {
        const id = `srv-${name}`
        services.set(id, { id, name, description, instances: 0 })
        return id
      }),
    describe: (id, description) => edit(id, { description }),
    point: (id, address) => Effect.tap(edit(id, { instances: 1 }), () => Effect.sync(() => addresses.set(id, address))),
    unpoint: (id) => edit(id, { instances: 0 }),
    remove: (id) =>
      Effect.suspend(() => {
        if ((services.get(id)?.instances ?? 1) > 0) return Effect.fail(failure("invalid", `${id} is in use`))
        services.delete(id)
        return Effect.void
      })
  }
  const there = () => [...services.values()].map(({ description, id, name }) => `${name} ${description} ${addresses.get(id)}`)
  return { failing, namespace, there }
}

const marked = (address: string): string => `ecs-mesh owner=c-1 zone=zone-1 address=${address}`

describe("names in Cloud Map", () => {
  it("are made, led elsewhere and removed, each known by its id from then on", async () => {
    const { namespace, there } = namespaceOf()
    const names = cloudMapNames("Cloud Map ns-1", namespace, owner)
    expect(await Effect.runPromise(names.list)).toEqual(new Map())
    const hostname = "kv.mesh.local"
    const change = (before: string | null, after: string | null) =>
      Effect.runPromise(names.change([{ hostname, before: before === null ? null : { address: before }, after }]))
    expect(await change(null, "127.4.0.1")).toEqual([])
    expect(there()).toEqual([`kv ${marked("127.4.0.1")} 127.4.0.1`])
    expect(await change("127.4.0.1", "127.4.0.2")).toEqual([])
    expect(there()).toEqual([`kv ${marked("127.4.0.2")} 127.4.0.2`])
    expect(await change("127.4.0.2", null)).toEqual([])
    expect(there()).toEqual([])
  })

  it("that aren't there any more need no removal", async () => {
    const { namespace } = namespaceOf()
    const names = cloudMapNames("Cloud Map ns-1", namespace, owner)
    await Effect.runPromise(names.list)
    const gone = { hostname: "kv.mesh.local", before: { address: "127.4.0.1" }, after: null }
    expect(await Effect.runPromise(names.change([gone]))).toEqual([])
  })

  it("that can't be changed leave the others changed, but not where Cloud Map doesn't answer", async () => {
    const [kv, web] = ["kv", "web"].map((name) => ({ id: name, name, description: marked("127.4.0.1"), instances: 1 }))
    if (kv === undefined || web === undefined) throw new Error("there are two")
    const { failing, namespace, there } = namespaceOf(kv, web)
    const names = cloudMapNames("Cloud Map ns-1", namespace, owner)
    await Effect.runPromise(names.list)
    const changes = ["kv", "web"].map((name) =>
      ({ hostname: `${name}.mesh.local`, before: { address: "127.4.0.1" }, after: "127.4.0.2" }))
    for (const kind of ["invalid", "absent"] as const) {
      failing.set("kv", failure(kind, "not so"))
      expect(await Effect.runPromise(names.change(changes))).toEqual([{ hostname: "kv.mesh.local", reason: "not so" }])
      expect(there()).toEqual([`kv ${marked("127.4.0.1")} undefined`, `web ${marked("127.4.0.2")} 127.4.0.2`])
    }
    failing.set("kv", failure("unavailable", "no answer"))
    expect(await Effect.runPromise(Effect.flip(names.change(changes)))).toMatchObject({ message: "no answer" })
  })
})
