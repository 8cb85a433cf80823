// The names that Kuma's and Kong Mesh's task definitions call, as their containers' shells call them.
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { describe, expect, it } from "vitest"
import { loopbackTls } from "../cp/server/startControlPlane.ts"

const root = join(import.meta.dirname, "..", "..")
const PATH = [join(root, "bin"), process.env["PATH"]].join(delimiter)

interface Ended {
  readonly status: number
  readonly output: string
}

const shell = (command: string, environment: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  new Promise((resolve) => {
    execFile("sh", ["-c", command], { env: { PATH, ...environment }, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code ?? -1), output: stdout + stderr }))
  })

describe("kuma-cp", () => {
  it("has nothing to migrate, and says so", async () => {
    expect(await shell("kuma-cp migrate up")).toEqual({ status: 0, output: expect.stringContaining("Nothing to migrate") })
  })

  it("runs, after whatever its shell does first, with Kuma's variables", async () => {
    const ended = await shell("true && true; kuma-cp run", { KUMA_DP_SERVER_PORT: "70000", KUMA_MODE: "zone" })
    expect(ended.status).not.toBe(0)
    expect(ended.output).toContain("KUMA_DP_SERVER_PORT: must be a whole number")
    expect(ended.output).toContain("AWS_REGION")
  })

  it("takes our own commands as well", async () => {
    expect(await shell("kuma-cp machine egress")).toMatchObject({ status: 0, output: expect.stringContaining("stateDiagram") })
  })
})

describe("kuma-dp", () => {
  it("takes what Kong's task definitions say, and misses only what ECS gives", async () => {
    const command = [
      "kuma-dp run --cp-address https://controlplane.kongmesh:5678",
      "--dataplane-var dpname=`hostname` --dataplane-var address=127.0.0.1 --dataplane-var mesh=default",
      "--auth-type=aws --bind-outbounds --proxy-type=dataplane --dns-enabled=false"
    ].join(" ")
    const { caPem } = await loopbackTls()
    const ended = await shell(command, { KUMA_CONTROL_PLANE_CA_CERT: caPem, KUMA_DATAPLANE_RUNTIME_RESOURCE: "{{ other }}" })
    expect(ended.status).not.toBe(0)
    const named = [...ended.output.matchAll(/ERROR ([^:\s]+): /g)].map(([, name]) => name)
    expect(named.sort()).toEqual(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "ECS_CONTAINER_METADATA_URI_V4"])
  })
})

describe("the images", () => {
  const dockerfile = readFileSync(join(root, "deploy", "Dockerfile"), "utf8")
  const stage = (name: string): string => dockerfile.split(/^FROM /m).find((text) => text.split("\n")[0]?.endsWith(` AS ${name}`)) ?? ""

  it.each([["control-plane", "kuma-cp"], ["sidecar", "kuma-dp"]])("%s has %s on its path, and begins with it", (image, name) => {
    expect(stage(image)).toMatch(new RegExp(`^COPY bin/.*${name}`, "m"))
    expect(stage(image)).toMatch(new RegExp(`^RUN ln -s .*/app/bin/${name} /usr/local/bin/`, "m"))
    expect(stage(image)).toContain(`ENTRYPOINT ["${name}"]`)
  })
})
