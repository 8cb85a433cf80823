/** Where a mesh's CA comes from: made by the mesh itself, or brought by its owner. */
import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { createPrivateKey, X509Certificate } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll } from "vitest"
import { openStore, useTestDatabases } from "../store/testDatabases.ts"
import { builtin, putMesh, startReplica } from "./meshFixture.ts"

const databases = useTestDatabases()

const kv = { mesh: "default", proxy: "kv-1", tags: [{ "kuma.io/service": "kv" }] }

const open = Effect.flatMap(Effect.promise(databases.create), (config) => openStore(config))

const secret = (name: string, text: string) =>
  ({
    type: "Secret",
    mesh: "default",
    name,
    labels: {},
    spec: { data: Buffer.from(text).toString("base64") }
  }) as const

describe("a builtin authority", () => {
  it.effect("is made once, however many replicas ask first", () =>
    Effect.gen(function*() {
      const store = yield* open
      yield* putMesh(store, "ca-1", builtin("ca-1"))
      const replicas = yield* Effect.all(Array.from({ length: 5 }, () => startReplica(store)))
      const bundles = yield* Effect.forEach(
        replicas,
        ({ authority }) => Effect.zip(authority.trustBundle("default"), authority.certificate(kv)),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(new Set(bundles.map(([bundle]) => bundle)).size, 1)
      const root = new X509Certificate(bundles[0]?.[0] ?? "")
      for (const [, { certificatePem }] of bundles) {
        assert.isTrue(new X509Certificate(certificatePem).verify(root.publicKey))
      }
      const secrets = yield* store.list("Secret")
      assert.deepStrictEqual(secrets.map(({ name, version }) => [name, version]), [
        ["default.ca-builtin-cert-ca-1", 1],
        ["default.ca-builtin-key-ca-1", 1]
      ])
      const key = Buffer.from(secrets[1]?.spec.data ?? "", "base64").toString()
      assert.isTrue(root.checkPrivateKey(createPrivateKey(key)))
    }).pipe(Effect.scoped), 30_000)

  it.effect("is finished from its key by whoever comes after a replica that died half way", () =>
    Effect.gen(function*() {
      const store = yield* open
      yield* putMesh(store, "ca-1", builtin("ca-1"))
      yield* (yield* startReplica(store)).authority.trustBundle("default")
      const [certificate] = yield* store.list("Secret")
      if (certificate === undefined) return assert.fail("no CA was stored")
      yield* store.remove(certificate)
      const after = yield* startReplica(store)
      const root = new X509Certificate(yield* after.authority.trustBundle("default"))
      const leaf = new X509Certificate((yield* after.authority.certificate(kv)).certificatePem)
      assert.isTrue(leaf.verify(root.publicKey))
    }).pipe(Effect.scoped), 30_000)

  it.effect("whose key is missing isn't replaced in silence", () =>
    Effect.gen(function*() {
      const store = yield* open
      yield* putMesh(store, "ca-1", builtin("ca-1"))
      yield* (yield* startReplica(store)).authority.trustBundle("default")
      yield* store.remove({ type: "Secret", mesh: "default", name: "default.ca-builtin-key-ca-1" })
      const { authority } = yield* startReplica(store)
      const error = yield* Effect.flip(authority.trustBundle("default"))
      assert.include(error.message, "the secret default.ca-builtin-key-ca-1 is missing")
    }).pipe(Effect.scoped), 30_000)

  it.effect("is as long-lived and of as many RSA bits as the mesh says", () =>
    Effect.gen(function*() {
      const store = yield* open
      yield* putMesh(store, "ca-1", {
        ...builtin("ca-1"),
        conf: { caCert: { RSAbits: 2_048, expiration: "2y" } }
      })
      const { authority } = yield* startReplica(store)
      const root = new X509Certificate(yield* authority.trustBundle("default"))
      assert.strictEqual(root.publicKey.asymmetricKeyDetails?.modulusLength, 2_048)
      assert.strictEqual(Date.parse(root.validTo), 2 * 365 * 24 * 3_600_000)
      assert.isTrue(new X509Certificate((yield* authority.certificate(kv)).certificatePem).verify(root.publicKey))
    }).pipe(Effect.scoped), 30_000)

  it.effect("that another one replaced is trusted as long as the mesh lists it", () =>
    Effect.gen(function*() {
      const store = yield* open
      yield* putMesh(store, "ca-1", builtin("ca-1"))
      const { authority, refresh } = yield* startReplica(store)
      const before = yield* authority.trustBundle("default")
      yield* putMesh(store, "ca-2", builtin("ca-1"), builtin("ca-2"), { name: "ca-3", type: "vault" })
      yield* refresh
      const after = yield* authority.trustBundle("default")
      assert.notStrictEqual(after, before)
      assert.include(after, before.trim())
      assert.strictEqual(after.split("BEGIN CERTIFICATE").length - 1, 2)
    }).pipe(Effect.scoped), 30_000)
})

describe("a provided authority", () => {
  let folder = ""
  const path = (name: string) => join(folder, name)
  const text = (name: string) => readFileSync(path(name), "utf8")
  const openssl = (...args: ReadonlyArray<string>) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" })

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "ecs-mesh-provided-"))
    const request = ["req", "-x509", "-nodes", "-days", "3650", "-subj", "/CN=corp", "-set_serial", "1"]
    const ca = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    openssl(...request, ...ca, "-newkey", "rsa:2048", "-keyout", "rsa.key", "-out", "rsa.crt")
    openssl("rsa", "-in", "rsa.key", "-traditional", "-out", "pkcs1.key")
    openssl("ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", "ec.key")
    openssl(...request, ...ca, "-key", "ec.key", "-out", "ec.crt")
    openssl(...request, "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "keyUsage=keyAgreement",
      "-key", "rsa.key", "-out", "leaf.crt")
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const provided = (conf: Record<string, unknown>) => ({ name: "ca-1", type: "provided", conf })
  const replicaWith = (conf: Record<string, unknown>) =>
    Effect.gen(function*() {
      const store = yield* open
      yield* store.put(secret("ca-cert", text("rsa.crt")))
      yield* store.put(secret("ca-key", text("rsa.key")))
      yield* putMesh(store, "ca-1", provided(conf))
      return { store, ...(yield* startReplica(store, folder)) }
    })

  it.effect.each([
    ["secrets", () => ({ cert: { secret: "ca-cert" }, key: { secret: "ca-key" } })],
    ["files", () => ({ cert: { file: path("ec.crt") }, key: { file: path("ec.key") } })],
    ["inline text", () => ({ cert: { inlineString: text("rsa.crt") }, key: { inlineString: text("pkcs1.key") } })],
    ["inline bytes", () => ({
      cert: { inline: Buffer.from(text("ec.crt")).toString("base64") },
      key: { inline: Buffer.from(text("ec.key")).toString("base64") }
    })]
  ] as const)("signs from $0", ([, conf]) =>
    Effect.gen(function*() {
      const { authority, store } = yield* replicaWith(conf())
      const root = new X509Certificate(yield* authority.trustBundle("default"))
      assert.strictEqual(root.subject, "CN=corp")
      // The test's clock stands at 1970, before the CA's first day: a signature has no date.
      const { certificatePem, privateKeyPem } = yield* authority.certificate(kv)
      const leaf = new X509Certificate(certificatePem)
      assert.isTrue(leaf.verify(root.publicKey))
      assert.isTrue(leaf.checkPrivateKey(createPrivateKey(privateKeyPem)))
      assert.strictEqual(leaf.issuer, "CN=corp")
      assert.strictEqual((yield* store.list("Secret")).length, 2)
    }).pipe(Effect.scoped), 30_000)

  it.effect("tells of a text that holds its key, too, the certificate alone", () =>
    Effect.gen(function*() {
      const both = { inlineString: `its CA\n${text("rsa.key")}${text("rsa.crt")}${text("pkcs1.key")}` }
      const { authority } = yield* replicaWith({ cert: both, key: both })
      assert.strictEqual(yield* authority.trustBundle("default"), text("rsa.crt"))
    }).pipe(Effect.scoped), 30_000)

  it.effect("that is replaced has every workload issued anew", () =>
    Effect.gen(function*() {
      const { authority, refresh, store } = yield* replicaWith({
        cert: { secret: "ca-cert" },
        key: { secret: "ca-key" }
      })
      const first = yield* authority.certificate(kv)
      yield* store.put(secret("ca-cert", text("ec.crt")))
      yield* store.put(secret("ca-key", text("ec.key")))
      yield* refresh
      const second = yield* authority.certificate(kv)
      assert.notStrictEqual(second, first)
      assert.isTrue(new X509Certificate(second.certificatePem).verify(new X509Certificate(text("ec.crt")).publicKey))
    }).pipe(Effect.scoped), 30_000)

  it.effect.each([
    ["a missing secret", () => ({ cert: { secret: "nope" }, key: { secret: "ca-key" } }),
      "there is no secret nope in mesh default"],
    ["an unreadable file", () => ({ cert: { file: path("nowhere") }, key: { secret: "ca-key" } }), "can't read /"],
    ["a file of elsewhere", () => ({ cert: { file: "/etc/hosts" }, key: { secret: "ca-key" } }),
      "conf.cert: /etc/hosts isn't in the folder that ECS_MESH_CA_FILES_DIR names"],
    ["no key", () => ({ cert: { secret: "ca-cert" } }), "conf.cert and conf.key have to be defined"],
    ["the key of another", () => ({ cert: { secret: "ca-cert" }, key: { file: path("ec.key") } }),
      "the key isn't the certificate's"],
    ["a certificate that is no CA", () => ({ cert: { file: path("leaf.crt") }, key: { secret: "ca-key" } }),
      "cert[0]: basic constraint 'CA' must be set to 'true'"],
    ["a certificate that may not sign", () => ({ cert: { file: path("leaf.crt") }, key: { secret: "ca-key" } }),
      "'keyCertSign' must be set"]
  ] as const)("with $0 is refused with the reason, and without the key", ([, conf, reason]) =>
    Effect.gen(function*() {
      const { authority } = yield* replicaWith(conf())
      const error = yield* Effect.flip(authority.certificate(kv))
      assert.include(error.message, reason)
      assert.include(error.message, "mTLS backend ca-1")
      assert.notInclude(error.message, "PRIVATE KEY")
    }).pipe(Effect.scoped), 30_000)
})

describe("no authority", () => {
  it.effect("is told for a mesh that isn't there, has mTLS off, or asks for another kind", () =>
    Effect.gen(function*() {
      const store = yield* open
      const { authority, refresh } = yield* startReplica(store)
      const reason = Effect.map(Effect.flip(authority.trustBundle("default")), ({ message }) => message)
      assert.strictEqual(yield* reason, "there is no mesh default")
      yield* store.put({ type: "Mesh", mesh: "", name: "default", labels: {}, spec: {} })
      yield* refresh
      assert.include(yield* reason, "mtls.enabledBackend")
      yield* putMesh(store, "v", { name: "v", type: "vault" })
      yield* refresh
      assert.include(yield* reason, "type vault isn't supported")
      yield* putMesh(store, "ca-1", { ...builtin("ca-1"), dpCert: { rotation: { expiration: "soon" } } })
      yield* refresh
      assert.include((yield* Effect.flip(authority.certificate(kv))).message, "dpCert.rotation.expiration")
    }).pipe(Effect.scoped), 30_000)
})
