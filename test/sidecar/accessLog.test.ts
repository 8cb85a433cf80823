// Lines of access logs for another host: Envoy writes them to its output, the sidecar carries them there.
import { createServer } from "node:http"
import { type AddressInfo, createServer as createTcpServer } from "node:net"
import { expect, it } from "vitest"
import { freePort } from "../../localstack/process/freePort.ts"
import { LINE_KEY } from "../../src/model/nodeMetadata.ts"
import { CARRIES_LINES_FEATURE } from "../../src/model/proxyFeatures.ts"
import { until } from "../support/until.ts"
import { useCleanups } from "../support/useCleanups.ts"
import { listenOn } from "./listenOn.ts"
import { startBootstrapServer, withBootstrap } from "./startBootstrapServer.ts"
import { sidecarPorts, startSidecar } from "./startSidecar.ts"
import { staticBootstrap } from "./staticBootstrap.ts"

const cleanups = useCleanups()

/** What a control plane has Envoy write where it is told of the key. */
const logging = (address: string): string =>
  JSON.stringify([{
    name: "envoy.access_loggers.stdout",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
      log_format: {
        json_format: {
          [LINE_KEY]: `%CEL(xds.node.metadata['dynamicMetadata']['${LINE_KEY}'])%`,
          address,
          message: "seen %REQ(:PATH)%\n"
        }
      }
    }
  }])

it("are carried to where they say, and the last ones are there before the sidecar ends", async () => {
  let received = ""
  const host = createTcpServer((socket) => {
    socket.setEncoding("utf8").on("data", (chunk: string) => (received += chunk)).on("error", () => {})
  })
  await new Promise<void>((resolve) => host.listen(0, "127.0.0.1", resolve))
  const { port } = host.address() as AddressInfo
  const app = await listenOn(createServer((_, response) => response.end("answer")))
  const controlPlane = await startBootstrapServer({ status: 503, body: "{}" })
  cleanups.push(() => host.close(), app.stop, controlPlane.stop)
  const ports = await sidecarPorts()
  const inboundPort = await freePort()
  const sidecar = await startSidecar(ports, {
    KUMA_CONTROL_PLANE_URL: controlPlane.url,
    KUMA_CONTROL_PLANE_CA_CERT: controlPlane.ca
  })
  cleanups.push(() => sidecar.stop())
  const [asked] = await until("the first question", () => controlPlane.requests, ({ length }) => length > 0)
  expect(asked?.["features"]).toContain(CARRIES_LINES_FEATURE)
  const metadata = JSON.stringify({ dynamicMetadata: asked?.["dynamicMetadata"] })
  const bootstrap = staticBootstrap({ adminPort: ports.admin, inboundPort, appPort: app.port })
  controlPlane.answer = withBootstrap(bootstrap
    .replace("cluster: test}", `cluster: test, metadata: ${metadata}}`)
    .replace("\"stat_prefix\":\"inbound\"", `"stat_prefix":"inbound","access_log":${logging(`127.0.0.1:${port}`)}`))
  await until("a ready sidecar", () => sidecar.ready(), (ready) => ready?.status === 200)
  const call = async (path: string): Promise<string> =>
    (await fetch(`http://127.0.0.1:${inboundPort}${path}`, { headers: { connection: "close" } })).text()
  expect(await call("/first")).toBe("answer")
  await until("the line", () => received, (text) => text.includes("seen /first\n"))
  expect(await call("/last")).toBe("answer")
  await sidecar.stop()
  expect(received).toBe("seen /first\nseen /last\n")
  expect(sidecar.output()).not.toContain("seen /")
}, 30_000)
