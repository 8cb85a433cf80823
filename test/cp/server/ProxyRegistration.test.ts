import { Context, Effect, Layer, ManagedRuntime } from "effect"
import { afterEach, expect, it } from "vitest"
import type { Identity } from "../../../src/cp/auth/Authenticator.ts"
import { ProxyRegistration } from "../../../src/cp/server/ProxyRegistration.ts"
import { PostgresStore } from "../../../src/cp/store/PostgresStore.ts"
import { Store } from "../../../src/model/Store.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { dataplane, mesh } from "./startControlPlane.ts"

const databases = useTestDatabases()
const cleanups: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

const open = async () => {
  const options = { enabled: true, zone: "zone-1", instanceId: "cp-1", deregistrationDelayMillis: 10_000 }
  const runtime = ManagedRuntime.make(
    ProxyRegistration.layer(options).pipe(Layer.provideMerge(PostgresStore.layer(await databases.create())))
  )
  cleanups.push(() => runtime.dispose())
  const services = await runtime.context()
  return { store: Context.get(services, Store), registration: Context.get(services, ProxyRegistration) }
}

const identityFor = (service: string): Identity => ({
  method: "dataplane-token",
  tokenId: "1",
  keyId: "1",
  keyFingerprint: "0",
  expiresAt: null,
  tags: { "kuma.io/service": [service] },
  workload: null
})

const yaml = (service: string): string => `type: Dataplane
mesh: default
name: kv-1
networking:
  address: 127.0.0.2
  inbound:
  - port: 8080
    tags: {kuma.io/service: ${service}}
`

const key = { type: "Dataplane", mesh: "default", name: "kv-1" } as const
const proxy = { proxyType: "dataplane", mesh: "default", name: "kv-1" } as const

it("a proxy's own Dataplane takes the place of no other than one that its token is for", async () => {
  const { store, registration } = await open()
  await Effect.runPromise(store.put(mesh("default", false)))
  await Effect.runPromise(store.put(dataplane("kv-1", "kv", { address: "127.0.0.1", port: 8_080 })))
  const register = async (service: string): Promise<string> => {
    const result = await Effect.runPromise(
      Effect.result(registration.connected(proxy, identityFor(service), yaml(service)))
    )
    if (result._tag === "Success") return "accepted"
    return result.failure._tag === "Refused" ? `Refused: ${result.failure.reason}` : result.failure.message
  }
  expect(await register("web")).toBe("Refused: TokenTagMismatch")
  expect((await Effect.runPromise(store.get(key))).spec.networking?.address).toBe("127.0.0.1")
  expect(await register("kv")).toBe("accepted")
  expect((await Effect.runPromise(store.get(key))).spec.networking?.address).toBe("127.0.0.2")
})
