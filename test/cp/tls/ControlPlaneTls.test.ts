import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { createPrivateKey, X509Certificate } from "node:crypto"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import { connect, createServer } from "node:tls"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { afterEach, beforeEach } from "vitest"
import { ControlPlaneTls } from "../../../src/cp/tls/ControlPlaneTls.ts"
import { ControlPlaneTlsLive, type ControlPlaneTlsOptions } from "../../../src/cp/tls/ControlPlaneTlsLive.ts"

const YEAR = 365 * 24 * 3_600_000
const none = { certFile: null, keyFile: null, caFile: null }

let workDir = ""
beforeEach(() => {
  workDir = mkdtempSync(join(tmpdir(), "ecs-mesh-tls-"))
})
afterEach(() => rmSync(workDir, { recursive: true, force: true }))

const file = (name: string) => join(workDir, "tls", name)

/** A start of the control plane. */
const start = (options: Partial<ControlPlaneTlsOptions> = {}) =>
  Effect.provide(ControlPlaneTls, ControlPlaneTlsLive.layer({ tls: none, workDir, ...options }))

const refusal = (tls: Partial<typeof none | Record<"certFile" | "keyFile" | "caFile", string>>) =>
  Effect.map(Effect.flip(start({ tls: { ...none, ...tls } })), ({ message }) => message)

/** Whether a client that trusts the CA accepts the server under a name. */
const accepted = (tls: ControlPlaneTls["Service"], servername: string) =>
  Effect.callback<boolean>((resume) => {
    const server = createServer({ cert: tls.certificatePem, key: tls.privateKeyPem })
    const answer = (trusted: boolean) => server.close(() => resume(Effect.succeed(trusted)))
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      const client = connect({ host: "127.0.0.1", port, servername, ca: tls.caPem })
      client.on("secureConnect", () => answer(client.destroy().authorized))
      client.on("error", () => answer(false))
    })
  })

describe("a generated certificate", () => {
  it.live("is accepted by whoever has the CA, under every name and address of this machine", () =>
    Effect.gen(function*() {
      const tls = yield* start({ names: ["mesh.example.com", "10.9.8.7"] })
      for (const name of ["localhost", "mesh.example.com", hostname()]) assert.isTrue(yield* accepted(tls, name))
      assert.isFalse(yield* accepted(tls, "other.example.com"))
      const leaf = new X509Certificate(tls.certificatePem)
      for (const address of ["127.0.0.1", "::1", "10.9.8.7"]) assert.strictEqual(leaf.checkIP(address), address)
      writeFileSync(join(workDir, "leaf.pem"), tls.certificatePem)
      const files = ["-CAfile", file("ca.crt"), join(workDir, "leaf.pem")]
      const said = execFileSync("openssl", ["verify", "-x509_strict", "-purpose", "sslserver", ...files])
      assert.match(said.toString(), /OK$/m)
    }))

  it.live("is kept over starts, its keys readable to their owner alone", () =>
    Effect.gen(function*() {
      const first = yield* start()
      assert.deepStrictEqual(yield* start(), first)
      assert.deepStrictEqual(readdirSync(join(workDir, "tls")).sort(), ["ca.crt", "ca.key", "cp.crt", "cp.key"])
      for (const key of ["ca.key", "cp.key"]) assert.strictEqual(statSync(file(key)).mode & 0o777, 0o600)
      assert.isFalse(first.caPem.includes("PRIVATE"))
    }))

  it.effect("is made anew, by the same CA, when less than a year of it is left", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.parse("2026-03-01T00:00:00Z"))
      const first = yield* start()
      yield* TestClock.adjust(2 * YEAR)
      assert.deepStrictEqual(yield* start(), first)
      yield* TestClock.adjust(1_000)
      const second = yield* start()
      assert.notStrictEqual(second.certificatePem, first.certificatePem)
      assert.strictEqual(second.caPem, first.caPem)
      // Towards the end of the CA's own life nothing lasts longer than it does.
      yield* TestClock.adjust(7.5 * YEAR)
      const last = yield* start()
      assert.strictEqual(last.caPem, first.caPem)
      assert.strictEqual(new X509Certificate(last.certificatePem).validTo, new X509Certificate(first.caPem).validTo)
      assert.deepStrictEqual(yield* start(), last)
      yield* TestClock.adjust(YEAR)
      assert.include((yield* Effect.flip(start())).message, "ca.crt has expired")
    }))

  it.live("is made anew, by the same CA, when the machine's names change or its file is damaged", () =>
    Effect.gen(function*() {
      const first = yield* start()
      const renamed = yield* start({ names: ["mesh.example.com"] })
      assert.notStrictEqual(renamed.certificatePem, first.certificatePem)
      writeFileSync(file("cp.crt"), "damaged")
      const mended = yield* start({ names: ["mesh.example.com"] })
      assert.isTrue(yield* accepted(mended, "mesh.example.com"))
      const back = yield* start()
      assert.isFalse(yield* accepted(back, "mesh.example.com"))
      assert.deepStrictEqual([renamed, mended, back].map(({ caPem }) => caPem), [first.caPem, first.caPem, first.caPem])
    }))

  it.live("is finished after a first start that was cut off", () =>
    Effect.gen(function*() {
      yield* start()
      const key = readFileSync(file("ca.key"), "utf8")
      unlinkSync(file("ca.crt"))
      const tls = yield* start()
      assert.isTrue(new X509Certificate(tls.caPem).checkPrivateKey(createPrivateKey(key)))
      assert.isTrue(yield* accepted(tls, "localhost"))
    }))

  it.live("whose CA lost its key isn't replaced in silence", () =>
    Effect.gen(function*() {
      yield* start()
      unlinkSync(file("ca.key"))
      const error = yield* Effect.flip(start())
      assert.strictEqual(error._tag, "ControlPlaneTlsError")
      assert.include(error.message, `${file("ca.key")} is missing: restore it`)
    }))

  it.live("that can't be kept is told with the variable to change", () =>
    Effect.gen(function*() {
      writeFileSync(join(workDir, "file"), "")
      const error = yield* Effect.flip(start({ workDir: join(workDir, "file") }))
      assert.include(error.message, "KUMA_GENERAL_WORK_DIR")
    }))
})

describe("a configured certificate", () => {
  const made = (name: string, days = "30") => {
    const [certFile, keyFile] = [join(workDir, `${name}.crt`), join(workDir, `${name}.key`)]
    const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`, "-days", days]
    execFileSync(
      "openssl",
      ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", keyFile, "-out", certFile, ...subject],
      { stdio: "pipe" }
    )
    return { certFile, keyFile }
  }

  it.live("is used as it is, and nothing is generated", () =>
    Effect.gen(function*() {
      const files = made("mesh.example.com")
      const tls = yield* start({ tls: { ...none, ...files } })
      assert.isTrue(yield* accepted(tls, "mesh.example.com"))
      assert.strictEqual(tls.certificatePem, readFileSync(files.certFile, "utf8"))
      assert.isFalse(readdirSync(workDir).includes("tls"))
      const other = made("ca.example.com")
      const withCa = yield* start({ tls: { ...files, caFile: other.certFile } })
      assert.strictEqual(withCa.caPem, readFileSync(other.certFile, "utf8"))
    }))

  it.live("that can't serve is refused by its variable and file", () =>
    Effect.gen(function*() {
      const [one, two] = [made("one"), made("two")]
      assert.include(yield* refusal({ certFile: one.certFile }), "KUMA_GENERAL_TLS_CERT_FILE is set without")
      assert.include(yield* refusal({ keyFile: one.keyFile }), "KUMA_GENERAL_TLS_KEY_FILE is set without")
      assert.include(yield* refusal({ ...one, certFile: "/nowhere" }), "KUMA_GENERAL_TLS_CERT_FILE names /nowhere")
      assert.include(yield* refusal({ ...one, keyFile: "/nowhere" }), "KUMA_GENERAL_TLS_KEY_FILE names /nowhere")
      assert.include(yield* refusal({ ...one, caFile: "/nowhere" }), "ECS_MESH_TLS_CA_FILE names /nowhere")
      assert.include(
        yield* refusal({ certFile: one.certFile, keyFile: two.keyFile }),
        `KUMA_GENERAL_TLS_KEY_FILE (${two.keyFile}) isn't the key of the certificate in KUMA_GENERAL_TLS_CERT_FILE`
      )
      const swapped = yield* refusal({ certFile: one.keyFile, keyFile: one.certFile })
      assert.include(swapped, "KUMA_GENERAL_TLS_CERT_FILE names")
      assert.notInclude(swapped, "PRIVATE KEY")
    }), 20_000)

  it.effect("that has expired is refused", () =>
    Effect.gen(function*() {
      const files = made("old")
      yield* TestClock.setTime(Date.now() + YEAR)
      assert.include(yield* refusal(files), "expired at")
    }))
})
