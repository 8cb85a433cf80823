import {
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  ListResourceRecordSetsCommand,
  Route53Client
} from "@aws-sdk/client-route-53"
import {
  CreatePrivateDnsNamespaceCommand,
  CreateServiceCommand,
  GetOperationCommand,
  ListInstancesCommand,
  ListServicesCommand,
  ServiceDiscoveryClient,
  ServiceNotFound
} from "@aws-sdk/client-servicediscovery"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { afterAll, beforeAll } from "vitest"
import { keepNamesInAws } from "../../../src/controllers/names/keepNamesInAws.ts"
import type { NameConfig } from "../../../src/controllers/names/NameConfig.ts"
import { keepServices } from "../../../src/cp/services/keepServices.ts"
import { ResourceCache } from "../../../src/cp/snapshot/ResourceCache.ts"
import { ResourceCacheLive } from "../../../src/cp/snapshot/ResourceCacheLive.ts"
import type { ResourceType, SpecByType } from "../../../src/model/Resource.ts"
import { Store } from "../../../src/model/Store.ts"
import { openStore, useTestDatabases } from "../../cp/store/testDatabases.ts"
import { desired, serviceSettings } from "../../cp/services/serviceWorld.ts"
import { untilEffect } from "../../support/untilEffect.ts"
import { type Emulator, startMinistack } from "../../support/startMinistack.ts"

const databases = useTestDatabases()
let aws: Emulator
const variables = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" }
const saved = Object.fromEntries(Object.keys(variables).map((name) => [name, process.env[name]]))

beforeAll(async () => {
  Object.assign(process.env, variables)
  aws = await startMinistack({ events: false })
}, 60_000)

afterAll(async () => {
  for (const [name, value] of Object.entries(saved)) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
  await aws.stop()
})

const ofZone = <T extends ResourceType>(type: T, mesh: string, name: string, spec: SpecByType[T]) =>
  desired(type, mesh, name, spec, { "kuma.io/origin": "zone" })

const generator = ofZone("HostnameGenerator", "", "names", {
  selector: { meshService: {} }, template: "{{ .Name }}.mesh.local", extension: { type: "Route53" }
})

const service = (name: string) =>
  ofZone("MeshService", "default", name, { state: "Unavailable", selector: {}, ports: [] })

const address = (ip: string, name: string) =>
  ofZone("ServiceAddress", "", ip, { kind: "MeshService", mesh: "default", service: name })

const keeping = (config: Pick<NameConfig, "kind" | "id"> & Partial<NameConfig>) =>
  Effect.gen(function*() {
    const store = yield* openStore(yield* Effect.promise(databases.create))
    yield* store.put(generator)
    yield* Effect.forkScoped(
      keepNamesInAws({ zone: "zone-1", cluster: "c-1", mayHave: () => true }, {
        others: [],
        adopts: { unmarked: false, clusters: [] },
        ...config,
        ...settings(),
        refreshMillis: 1_000,
        apiShare: 100
      }).pipe(Effect.provideService(Store, store))
    )
    return store
  })

const settings = () => ({ region: "us-east-1", endpoint: aws.endpoint })

describe("hostnames in AWS", () => {
  it.live("stand in a hosted zone of Route 53 beside a user's own, and go with their services", () =>
    Effect.gen(function*() {
      const client = new Route53Client(settings())
      const { HostedZone } = yield* Effect.promise(() =>
        client.send(new CreateHostedZoneCommand({ Name: "mesh.local", CallerReference: "1" })))
      const HostedZoneId = (HostedZone?.Id ?? "").replace("/hostedzone/", "")
      yield* Effect.promise(() => client.send(new ChangeResourceRecordSetsCommand({
        HostedZoneId,
        ChangeBatch: { Changes: [{
          Action: "CREATE",
          ResourceRecordSet: { Name: "mine.mesh.local", Type: "A", TTL: 60, ResourceRecords: [{ Value: "10.0.0.1" }] }
        }] }
      })))
      const records = Effect.promise(async () => {
        const { ResourceRecordSets = [] } = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId }))
        return Object.fromEntries(ResourceRecordSets.filter(({ Type }) => Type === "A")
          .map(({ Name = "", ResourceRecords = [] }) => [Name, ResourceRecords[0]?.Value]))
      })
      const store = yield* keeping({ kind: "route53", id: HostedZoneId })
      for (const [ip, name] of [["127.4.0.1", "kv"], ["127.4.0.2", "mine"]] as const) {
        yield* store.put(service(name))
        yield* store.put(address(ip, name))
      }
      const own = { "mine.mesh.local.": "10.0.0.1" }
      const there = yield* untilEffect("the record", records, (now) => now["kv.mesh.local."] !== undefined)
      assert.deepStrictEqual(there, { ...own, "kv.mesh.local.": "127.4.0.1" })
      yield* store.remove(address("127.4.0.1", "kv"))
      yield* store.put(address("127.4.0.7", "kv"))
      yield* untilEffect("the new address", records, (now) => now["kv.mesh.local."] === "127.4.0.7")
      yield* store.remove(service("kv"))
      const left = yield* untilEffect("its end", records, (now) => now["kv.mesh.local."] === undefined)
      assert.deepStrictEqual(left, own)
      client.destroy()
    }).pipe(Effect.scoped), 60_000)

  it.live("that another control plane left without a mark stay as they are, and their services move to where they lead", () =>
    Effect.gen(function*() {
      const client = new Route53Client(settings())
      const { HostedZone } = yield* Effect.promise(() =>
        client.send(new CreateHostedZoneCommand({ Name: "mesh.local", CallerReference: "2" })))
      const HostedZoneId = (HostedZone?.Id ?? "").replace("/hostedzone/", "")
      const left = { Name: "kv.mesh.local.", Type: "A" as const, TTL: 77, ResourceRecords: [{ Value: "127.4.0.77" }] }
      yield* Effect.promise(() => client.send(new ChangeResourceRecordSetsCommand({
        HostedZoneId, ChangeBatch: { Changes: [{ Action: "CREATE", ResourceRecordSet: left }] }
      })))
      const records = Effect.promise(async () => {
        const { ResourceRecordSets = [] } = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId }))
        return ResourceRecordSets.filter(({ Type }) => Type === "A" || Type === "TXT")
      })
      const store = yield* keeping({ kind: "route53", id: HostedZoneId, adopts: { unmarked: true, clusters: [] } })
      const cache = Context.get(
        yield* Layer.build(Layer.provide(ResourceCacheLive, Layer.succeed(Store, store))), ResourceCache
      )
      yield* Effect.forkScoped(
        keepServices("zone-1", serviceSettings).pipe(
          Effect.provideService(Store, store), Effect.provideService(ResourceCache, cache)
        )
      )
      yield* store.put(ofZone("Mesh", "", "default", { meshServices: { mode: "Everywhere" } }))
      yield* store.put(service("kv"))
      const marked = yield* untilEffect("the mark", records, (now) => now.length === 2)
      assert.deepStrictEqual(marked.find(({ Type }) => Type === "A"), left)
      assert.include(marked.find(({ Type }) => Type === "TXT")?.ResourceRecords?.[0]?.Value, "address=127.4.0.77")
      const given = cache.list("ServiceAddress").filter(({ spec }) => spec.releasedAt === undefined)
      assert.deepStrictEqual(given.map(({ name }) => name), ["127.4.0.77"])
      client.destroy()
    }).pipe(Effect.scoped), 60_000)

  it.live("stand in a namespace of Cloud Map beside a user's own, and go with their services", () =>
    Effect.gen(function*() {
      const client = new ServiceDiscoveryClient(settings())
      const { OperationId = "" } = yield* Effect.promise(() =>
        client.send(new CreatePrivateDnsNamespaceCommand({ Name: "mesh.local", Vpc: "vpc-1" })))
      const { Operation } = yield* Effect.promise(() => client.send(new GetOperationCommand({ OperationId })))
      const NamespaceId = Operation?.Targets?.NAMESPACE ?? ""
      yield* Effect.promise(() =>
        client.send(new CreateServiceCommand({ Name: "mine", NamespaceId, Description: "a user's" })))
      const instances = Effect.promise(async () => {
        const { Services = [] } = await client.send(new ListServicesCommand({}))
        const found = await Promise.all(Services.map(async ({ Id = "", Name = "" }) => {
          try {
            const { Instances = [] } = await client.send(new ListInstancesCommand({ ServiceId: Id }))
            return [[Name, Instances[0]?.Attributes?.["AWS_INSTANCE_IPV4"] ?? null] as const]
          } catch (error) {
            // It went between the two questions.
            if (error instanceof ServiceNotFound) return []
            throw error
          }
        }))
        return Object.fromEntries<string | null>(found.flat())
      })
      const store = yield* keeping({ kind: "cloudMap", id: NamespaceId })
      for (const [ip, name] of [["127.4.0.1", "kv"], ["127.4.0.2", "mine"]] as const) {
        yield* store.put(service(name))
        yield* store.put(address(ip, name))
      }
      const there = yield* untilEffect("the instance", instances, (now) => typeof now["kv"] === "string")
      assert.deepStrictEqual(there, { mine: null, kv: "127.4.0.1" })
      yield* store.remove(address("127.4.0.1", "kv"))
      yield* store.put(address("127.4.0.7", "kv"))
      yield* untilEffect("the new address", instances, (now) => now["kv"] === "127.4.0.7")
      yield* store.remove(service("kv"))
      const left = yield* untilEffect("its end", instances, (now) => !("kv" in now))
      assert.deepStrictEqual(left, { mine: null })
      client.destroy()
    }).pipe(Effect.scoped), 60_000)
})
