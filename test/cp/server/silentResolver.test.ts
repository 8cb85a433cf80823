// A real Envoy with an external service whose name its resolver doesn't tell.
import { createServer } from "node:http"
import { expect, it } from "vitest"
import { parse } from "yaml"
import { freePort } from "../../support/freePort.ts"
import { startEnvoy } from "../../support/startEnvoy.ts"
import { startResolver, type TestResolver } from "../../support/startResolver.ts"
import { askBootstrap } from "./askBootstrap.ts"
import { dataplane, eventually, mesh } from "./startControlPlane.ts"
import { useControlPlanes } from "./useControlPlanes.ts"

const { cleanups, start, tls } = await useControlPlanes(mesh("default", false))

const HOST = "api.example.test"
/** With the times that Envoy has by itself its listeners wait for longer than this. */
const STARTED_WITHIN_MILLIS = 40_000

const serve = async (text: string): Promise<number> => {
  const server = createServer((_, response) => response.end(text))
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve))
  cleanups.push(() => void server.close())
  return port
}

const asJson = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {}

/** Nothing but whom it asks is another's than the control plane's. */
const asking = (resolver: TestResolver, bootstrap: string): string => {
  const config = asJson(parse(bootstrap))
  const { typed_config: typed, ...named } = asJson(config["typed_dns_resolver_config"])
  return JSON.stringify({
    ...config,
    typed_dns_resolver_config: {
      name: "envoy.network.dns_resolver.cares",
      ...named,
      typed_config: {
        "@type": "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
        ...asJson(typed),
        resolvers: [{ socket_address: { address: "127.0.0.1", port_value: resolver.port } }]
      }
    }
  })
}

const enter = async (resolver: TestResolver) => {
  const [app, outside] = [await serve("inside"), await serve("outside")]
  const [inbound, outbound, adminPort] = [await freePort(), await freePort(), await freePort()]
  const controlPlane = await start()
  await controlPlane.put({
    type: "ExternalService",
    mesh: "default",
    name: "api",
    labels: {},
    spec: {
      networking: { address: `${HOST}:${outside}` },
      tags: { "kuma.io/service": "api", "kuma.io/protocol": "http" }
    }
  })
  await controlPlane.put(
    dataplane("kv-1", "kv", { port: inbound, servicePort: app }, [{ service: "api", port: outbound }])
  )
  const asked = { mesh: "default", name: "kv-1", adminPort, version: { envoy: { version: "1.40.0" } } }
  const answer = await eventually(() => askBootstrap(controlPlane, tls, asked), ({ status }) => status === 200)
  const envoy = await startEnvoy(asking(resolver, answer.body), { admin: `http://127.0.0.1:${adminPort}` })
  cleanups.push(envoy.stop)
  const call = async (port: number): Promise<readonly [number, string]> => {
    const answered = await fetch(`http://127.0.0.1:${port}/`)
    return [answered.status, await answered.text()]
  }
  return {
    isReady: async () => (await fetch(`http://127.0.0.1:${adminPort}/ready`)).ok,
    callInside: () => call(inbound),
    callOutside: () => call(outbound)
  }
}

const resolverFor = async (): Promise<TestResolver> => {
  const resolver = await startResolver()
  cleanups.push(resolver.stop)
  return resolver
}

it("a resolver that never answers keeps no proxy from its other calls, and is asked on", async () => {
  const resolver = await resolverFor()
  const proxy = await enter(resolver)
  await eventually(proxy.isReady, (ready) => ready, STARTED_WITHIN_MILLIS)
  expect(await proxy.callInside()).toEqual([200, "inside"])
  expect((await proxy.callOutside())[0]).toBe(503)
  expect(resolver.answered()).toBe(0)
  expect(new Set(resolver.asked)).toEqual(new Set([HOST]))
  resolver.answerWith("127.0.0.1")
  await eventually(proxy.callOutside, ([status]) => status === 200, 20_000)
}, 90_000)

it("the first call goes to a name that was told late: no proxy takes calls before", async () => {
  const resolver = await resolverFor()
  const proxy = await enter(resolver)
  await eventually(() => resolver.asked.length, (questions) => questions >= 2)
  expect(await proxy.isReady()).toBe(false)
  await expect(proxy.callOutside()).rejects.toThrow("fetch failed")
  resolver.answerWith("127.0.0.1")
  await eventually(proxy.isReady, (ready) => ready, STARTED_WITHIN_MILLIS)
  expect(await proxy.callOutside()).toEqual([200, "outside"])
}, 90_000)
