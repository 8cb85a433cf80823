import { readFile } from "node:fs/promises"
import { createServer } from "node:http"
import { connect } from "node:net"
import { afterEach, expect, it } from "vitest"
import { freePort } from "../../localstack/process/freePort.ts"
import { waitFor } from "../../localstack/process/waitFor.ts"
import { isAlive } from "../support/isAlive.ts"
import { listenOn } from "./listenOn.ts"
import { makeCertificates, startBootstrapServer, withBootstrap } from "./startBootstrapServer.ts"
import { sidecarPorts, startSidecar } from "./startSidecar.ts"
import { staticBootstrap } from "./staticBootstrap.ts"

const ending: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end()
})

/** An app that answers `/` at once and `/slow` when the test says so. */
const startApp = async () => {
  const held: Array<() => void> = []
  const server = createServer((request, response) => {
    if (request.url === "/slow") held.push(() => response.end("slow answer"))
    else response.end("answer")
  })
  const { port, stop } = await listenOn(server)
  ending.push(stop)
  return { port, held }
}

const setUp = async (env: Readonly<Record<string, string>> = {}, protocol: "http" | "tcp" = "http") => {
  const app = await startApp()
  const ports = await sidecarPorts()
  const inboundPort = await freePort()
  const bootstrap = staticBootstrap({ adminPort: ports.admin, inboundPort, appPort: app.port, protocol })
  const controlPlane = await startBootstrapServer(withBootstrap(bootstrap))
  ending.push(controlPlane.stop)
  const start = async () => {
    const sidecar = await startSidecar(ports, {
      KUMA_CONTROL_PLANE_URL: controlPlane.url,
      KUMA_CONTROL_PLANE_CA_CERT: controlPlane.ca,
      ...env
    })
    ending.push(() => sidecar.stop())
    return sidecar
  }
  return { app, controlPlane, inbound: `http://127.0.0.1:${inboundPort}`, inboundPort, start }
}

type Sidecar = Awaited<ReturnType<Awaited<ReturnType<typeof setUp>>["start"]>>

const untilReady = (sidecar: Sidecar) =>
  waitFor(`a ready sidecar: ${sidecar.output()}`, async () => {
    if (sidecar.exit() !== undefined) throw new Error(sidecar.output())
    return (await sidecar.ready())?.status === 200 ? true : undefined
  })

const untilLogged = (sidecar: Sidecar, text: string | RegExp) =>
  waitFor(`${text} in the log`, () => {
    const found = typeof text === "string" ? sidecar.output().includes(text) : text.test(sidecar.output())
    return found ? true : undefined
  })

const envoyPid = (sidecar: Sidecar): number => Number(/Envoy started pid=(\d+)/.exec(sidecar.output())?.[1])

it("asks in Kuma's field names, starts Envoy on the answer and is ready once Envoy serves", async () => {
  const { controlPlane, inbound, start } = await setUp({ KUMA_DATAPLANE_RUNTIME_TOKEN: "a-token" })
  const sidecar = await start()
  await untilReady(sidecar)
  expect(await (await fetch(inbound)).text()).toBe("answer")
  expect(controlPlane.requests[0]).toMatchObject({
    name: "test",
    mesh: "default",
    proxyType: "dataplane",
    dataplaneToken: "a-token",
    caCert: controlPlane.ca.trim(),
    adminAddress: "127.0.0.1",
    adminPort: sidecar.adminPort,
    version: { envoy: { version: "1.40.0" } }
  })
  expect(sidecar.output()).not.toContain("a-token")
})

it("gives its Envoy nothing of an environment that holds credentials", async () => {
  const { start } = await setUp({ KUMA_DATAPLANE_RUNTIME_TOKEN: "a-token", AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/x", TZ: "UTC" })
  const sidecar = await start()
  await untilReady(sidecar)
  const environment = (await readFile(`/proc/${envoyPid(sidecar)}/environ`, "utf8")).split("\0").filter((one) => one !== "")
  expect(environment.map((one) => one.split("=")[0]).sort()).toEqual(["PATH", "TZ"])
})

it("answers what is in flight at SIGTERM and what still comes, is never ready again, and exits with 0", async () => {
  const { app, inbound, start } = await setUp({ ECS_MESH_DRAIN_QUIET_TIME: "400ms" })
  const sidecar = await start()
  await untilReady(sidecar)
  const slow = fetch(`${inbound}/slow`)
  await waitFor("the request at the app", () => app.held[0])
  sidecar.signal("SIGTERM")
  await waitFor("readiness to fail", async () => ((await sidecar.ready())?.status === 503 ? true : undefined))
  await untilLogged(sidecar, "stopping")
  const seen: Array<string> = []
  for (let request = 0; request < 10; request += 1) {
    const late = await fetch(inbound)
    expect(await late.text()).toBe("answer")
    seen.push((await sidecar.ready())?.text ?? "")
  }
  expect(new Set(seen)).toEqual(new Set(["TERMINATING"]))
  expect(sidecar.exit()).toBeUndefined()
  app.held[0]?.()
  expect(await (await slow).text()).toBe("slow answer")
  expect(await sidecar.exited).toEqual({ code: 0, signal: null })
  expect(sidecar.output()).toContain("drained why=quiet")
  expect(isAlive(envoyPid(sidecar))).toBe(false)
})

it("waits for a raw TCP connection, which only its end tells to be done with", async () => {
  const { app, inboundPort, start } = await setUp({ ECS_MESH_DRAIN_QUIET_TIME: "300ms" }, "tcp")
  const sidecar = await start()
  await untilReady(sidecar)
  const socket = connect(inboundPort, "127.0.0.1")
  socket.write("GET /slow HTTP/1.1\r\nhost: app\r\n\r\n")
  await waitFor("the request at the app", () => app.held[0])
  sidecar.signal("SIGTERM")
  await untilLogged(sidecar, "stopping")
  const stillThere = await Promise.race([sidecar.exited, waitFor("its end", () => sidecar.exit(), { withinMillis: 1_500 }).catch(() => "still there")])
  expect(stillThere).toBe("still there")
  socket.destroy()
  expect(await sidecar.exited).toEqual({ code: 0, signal: null })
})

it("leaves with work in flight when the drain time is over, well before ECS would kill it", async () => {
  const { app, inbound, start } = await setUp({ KUMA_DATAPLANE_DRAIN_TIME: "700ms" })
  const sidecar = await start()
  await untilReady(sidecar)
  const slow = fetch(`${inbound}/slow`).then(() => "answered", () => "cut")
  await waitFor("the request at the app", () => app.held[0])
  sidecar.signal("SIGTERM")
  expect(await sidecar.exited).toEqual({ code: 0, signal: null })
  expect(await slow).toBe("cut")
  expect(sidecar.output()).toContain("drain time is over with work in flight")
  expect(sidecar.output()).toContain('drained why="time is over"')
})

it("a second SIGTERM hastens the end", async () => {
  const { app, inbound, start } = await setUp()
  const sidecar = await start()
  await untilReady(sidecar)
  const slow = fetch(`${inbound}/slow`).catch(() => "cut")
  await waitFor("the request at the app", () => app.held[0])
  sidecar.signal("SIGTERM")
  await untilLogged(sidecar, "stopping")
  sidecar.signal("SIGTERM")
  expect(await sidecar.exited).toEqual({ code: 0, signal: null })
  expect(await slow).toBe("cut")
  expect(sidecar.output()).toContain("drained why=hastened")
})

it("ends with a failure when Envoy ends on its own", async () => {
  const { start } = await setUp()
  const sidecar = await start()
  await untilReady(sidecar)
  process.kill(envoyPid(sidecar), "SIGKILL")
  expect(await sidecar.exited).toEqual({ code: 1, signal: null })
  expect(sidecar.output()).toContain('reason="it was ended by SIGKILL"')
})

it("ends with a failure, and Envoy's own words, when Envoy doesn't take the bootstrap", async () => {
  const { controlPlane, start } = await setUp()
  controlPlane.answer = withBootstrap("static_resources: {listeners: 7}")
  const sidecar = await start()
  expect(await sidecar.exited).toEqual({ code: 1, signal: null })
  expect(sidecar.output()).toMatch(/^envoy .*static_resources/m)
})

it("Envoy doesn't outlive a sidecar that was killed", async () => {
  const { start } = await setUp()
  const sidecar = await start()
  await untilReady(sidecar)
  const pid = envoyPid(sidecar)
  expect(isAlive(pid)).toBe(true)
  process.kill(sidecar.pid, "SIGKILL")
  await waitFor("Envoy to end", () => (isAlive(pid) ? undefined : true))
})

it("tells why it is refused, asks on, and goes to work once the role is mended", async () => {
  const { controlPlane, start } = await setUp()
  const bootstrap = controlPlane.answer
  controlPlane.answer = {
    status: 403,
    body: JSON.stringify({ status: 403, title: "RoleTagMissing", detail: "Add the tag kuma.io/type to the role web." })
  }
  const sidecar = await start()
  await waitFor("three tries", () => (controlPlane.requests.length >= 3 ? true : undefined))
  expect((await sidecar.ready())?.text).toBe("STARTING")
  const said = sidecar.output().split("This task is refused: Add the tag kuma.io/type to the role web.").length - 1
  expect(said).toBe(1)
  expect(sidecar.output()).toContain("reason=RoleTagMissing")
  controlPlane.answer = bootstrap
  await untilReady(sidecar)
})

it("comes again only when the control plane's Retry-After is over", async () => {
  const { controlPlane, start } = await setUp()
  const bootstrap = controlPlane.answer
  controlPlane.answer = { status: 503, body: "{}", headers: { "retry-after": "1" } }
  const sidecar = await start()
  await waitFor("the first try", () => (controlPlane.requests.length === 1 ? true : undefined))
  const first = Date.now()
  controlPlane.answer = bootstrap
  await waitFor("the second try", () => (controlPlane.requests.length === 2 ? true : undefined))
  expect(Date.now() - first).toBeGreaterThan(800)
  await untilReady(sidecar)
})

it("doesn't ask again for what is invalid: it ends with every cause", async () => {
  const { controlPlane, start } = await setUp()
  controlPlane.answer = {
    status: 422,
    body: JSON.stringify({
      title: "Resource is not valid",
      invalid_parameters: [{ field: "mesh", reason: "no such mesh" }, { field: "name", reason: "too long" }]
    })
  }
  const sidecar = await start()
  expect(await sidecar.exited).toEqual({ code: 1, signal: null })
  expect(sidecar.output()).toContain("mesh: no such mesh; name: too long")
  expect(controlPlane.requests).toHaveLength(1)
})

it("never tells its token to a control plane that another CA vouches for, and says which setting that is", async () => {
  const { ca } = await makeCertificates()
  const { controlPlane, start } = await setUp({
    KUMA_DATAPLANE_RUNTIME_TOKEN: "a-token",
    KUMA_CONTROL_PLANE_CA_CERT: ca
  })
  const sidecar = await start()
  await untilLogged(sidecar, "set KUMA_CONTROL_PLANE_CA_CERT to the control plane's CA")
  expect(controlPlane.requests).toHaveLength(0)
})

it("gives up when it may not try longer", async () => {
  const { controlPlane, start } = await setUp({ KUMA_CONTROL_PLANE_RETRY_MAX_DURATION: "300ms" })
  controlPlane.answer = { status: 500, body: "{}" }
  const sidecar = await start()
  expect(await sidecar.exited).toEqual({ code: 1, signal: null })
  expect(sidecar.output()).toContain("KUMA_CONTROL_PLANE_RETRY_MAX_DURATION is over")
})

it("stops at once while it has no Envoy yet", async () => {
  const { controlPlane, start } = await setUp()
  controlPlane.answer = { status: 503, body: "{}" }
  const sidecar = await start()
  await untilLogged(sidecar, "can't be used yet")
  sidecar.signal("SIGTERM")
  expect(await sidecar.exited).toEqual({ code: 0, signal: null })
})
