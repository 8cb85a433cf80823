import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { X509Certificate } from "node:crypto"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { KEPT_MILLIS, KEPT_MOST, KeptCertificates } from "../../../src/cp/ca/KeptCertificates.ts"
import { openStore, useTestDatabases } from "../store/testDatabases.ts"
import { builtin, putMesh, startReplica } from "./meshFixture.ts"

const databases = useTestDatabases()

const NOW = Date.parse("2026-03-01T12:00:00Z")
const HOUR = 3_600_000
const DAY = 24 * HOUR

const start = Effect.gen(function*() {
  yield* TestClock.setTime(NOW)
  const store = yield* openStore(yield* Effect.promise(databases.create))
  yield* putMesh(store, "ca-1", builtin("ca-1"))
  return { store, ...(yield* startReplica(store)) }
})

const kv = { mesh: "default", proxy: "kv-1", tags: [{ "kuma.io/service": "kv", version: "v1" }] }

describe("a workload's certificate", () => {
  it.effect("names each service and each tag, and nothing else", () =>
    Effect.gen(function*() {
      const { authority } = yield* start
      const { certificatePem } = yield* authority.certificate({
        ...kv,
        tags: [
          { "kuma.io/service": "kv", version: "v1", "kuma.io/protocol": "http" },
          { "kuma.io/service": "kv-admin", version: "v1", "kuma.io/protocol": "tcp" }
        ]
      })
      const certificate = new X509Certificate(certificatePem)
      assert.deepStrictEqual((certificate.subjectAltName ?? "").split(", "), [
        "URI:spiffe://default/kv",
        "URI:spiffe://default/kv-admin",
        "URI:kuma://kuma.io/protocol/http",
        "URI:kuma://kuma.io/protocol/tcp",
        "URI:kuma://kuma.io/service/kv",
        "URI:kuma://kuma.io/service/kv-admin",
        "URI:kuma://version/v1"
      ])
      assert.isUndefined(certificate.subject)
    }).pipe(Effect.scoped), 30_000)

  it.effect("is ECDSA P-256, for both ends of a connection, for 24 hours from 10 seconds ago", () =>
    Effect.gen(function*() {
      const { authority } = yield* start
      const issued = yield* authority.certificate(kv)
      const certificate = new X509Certificate(issued.certificatePem)
      assert.strictEqual(certificate.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1")
      assert.deepStrictEqual([...certificate.keyUsage].sort(), ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"])
      assert.strictEqual(Date.parse(certificate.validFrom), NOW - 10_000)
      assert.strictEqual(Date.parse(certificate.validTo), NOW + DAY)
      assert.isFalse(certificate.ca)
      assert.deepInclude(issued, { issuedAt: NOW, expiresAt: NOW + DAY, backend: "ca-1" })
    }).pipe(Effect.scoped), 30_000)

  it.effect("verifies against the trust bundle, by openssl too", () =>
    Effect.gen(function*() {
      const { authority } = yield* start
      const { certificatePem, privateKeyPem } = yield* authority.certificate(kv)
      const root = new X509Certificate(yield* authority.trustBundle("default"))
      assert.isTrue(new X509Certificate(certificatePem).verify(root.publicKey))
      assert.isTrue(root.verify(root.publicKey))
      assert.include(root.subjectAltName, "URI:spiffe://default")
      assert.strictEqual(Date.parse(root.validTo), NOW + 3_650 * DAY)
      assert.include(privateKeyPem, "BEGIN PRIVATE KEY")
      const folder = mkdtempSync(join(tmpdir(), "ecs-mesh-ca-"))
      try {
        writeFileSync(join(folder, "ca.pem"), yield* authority.trustBundle("default"))
        writeFileSync(join(folder, "leaf.pem"), certificatePem)
        for (const purpose of ["sslserver", "sslclient"]) {
          const time = ["-attime", String(NOW / 1_000)]
          const files = ["-CAfile", join(folder, "ca.pem"), join(folder, "leaf.pem")]
          const said = execFileSync("openssl", ["verify", "-x509_strict", "-purpose", purpose, ...time, ...files])
          assert.match(said.toString(), /OK$/m)
        }
      } finally {
        rmSync(folder, { recursive: true })
      }
    }).pipe(Effect.scoped), 30_000)

  it.effect("is refused to a proxy without a service or with one that can't be said, with what to do", () =>
    Effect.gen(function*() {
      const { authority } = yield* start
      const error = yield* Effect.flip(authority.certificate({ ...kv, tags: [{ version: "v1" }] }))
      assert.include(error.message, "kv-1 has no kuma.io/service tag")
      const other = yield* Effect.flip(authority.certificate({ ...kv, tags: [{ "kuma.io/service": "k\u0176" }] }))
      assert.include(other.message, "kv-1 has a tag that no certificate can say")
      assert.deepStrictEqual([error._tag, other._tag], ["NoIdentity", "NoIdentity"])
    }).pipe(Effect.scoped), 30_000)
})

describe("a certificate is never issued twice for nothing", () => {
  it.effect("but kept until it is due", () =>
    Effect.gen(function*() {
      const { authority } = yield* start
      const first = yield* authority.certificate(kv)
      yield* TestClock.setTime(first.renewAt - 1)
      assert.strictEqual(yield* authority.certificate(kv), first)
      yield* TestClock.adjust(1)
      const second = yield* authority.certificate(kv)
      assert.notStrictEqual(second.certificatePem, first.certificatePem)
      // At the same moment of its life, but that a certificate's end is told in seconds.
      assert.approximately(second.renewAt - second.issuedAt, first.renewAt - first.issuedAt, 1_000)
      assert.strictEqual(yield* authority.certificate(kv), second)
    }).pipe(Effect.scoped), 30_000)

  it.effect("and proxies that came together are due one by one, from 4/5 of its life to 17/20", () =>
    Effect.gen(function*() {
      const { authority } = yield* start
      const proxies = Array.from({ length: 200 }, (_, at) => `kv-${at}`)
      const due = yield* Effect.forEach(proxies, (proxy) =>
        Effect.map(authority.certificate({ ...kv, proxy }), ({ renewAt }) => renewAt - NOW))
      const [from, width] = [DAY * 4 / 5, DAY / 20]
      const tenths = Array.from({ length: 10 }, (_, at) =>
        due.filter((moment) => Math.floor((moment - from) / width * 10) === at).length)
      assert.strictEqual(tenths.reduce((sum, count) => sum + count), 200)
      // 20 each, if they were dealt out.
      assert.isBelow(Math.max(...tenths), 40)
      assert.isAbove(Math.min(...tenths), 5)
    }).pipe(Effect.scoped), 30_000)

  it.effect("not for a hundred who ask at once, nor for reordered inbounds, nor once the cache has caught up", () =>
    Effect.gen(function*() {
      const { authority, refresh } = yield* start
      const tags = [{ "kuma.io/service": "kv", a: "1" }, { "kuma.io/service": "kv-admin", a: "2" }]
      const ask = (request: typeof tags) => authority.certificate({ ...kv, tags: request })
      const answers = yield* Effect.forEach(Array.from({ length: 100 }), () => ask(tags), { concurrency: "unbounded" })
      yield* refresh
      answers.push(yield* ask(tags.toReversed()))
      answers.push(yield* ask([...tags, { a: "1", "kuma.io/service": "kv" }]))
      assert.strictEqual(new Set(answers.map(({ certificatePem }) => certificatePem)).size, 1)
    }).pipe(Effect.scoped), 30_000)

  it.effect("but when its tags change, for that proxy only", () =>
    Effect.gen(function*() {
      const { authority } = yield* start
      const other = { ...kv, proxy: "kv-2" }
      const [first, others] = [yield* authority.certificate(kv), yield* authority.certificate(other)]
      const changed = yield* authority.certificate({ ...kv, tags: [{ "kuma.io/service": "kv", version: "v2" }] })
      assert.notStrictEqual(changed, first)
      assert.include(new X509Certificate(changed.certificatePem).subjectAltName, "kuma://version/v2")
      assert.strictEqual(yield* authority.certificate(other), others)
    }).pipe(Effect.scoped), 30_000)

  it.effect("but when the mesh enables another backend or another lifetime", () =>
    Effect.gen(function*() {
      const { authority, refresh, store } = yield* start
      const first = yield* authority.certificate(kv)
      yield* putMesh(store, "ca-2", builtin("ca-1"), builtin("ca-2"))
      yield* refresh
      const second = yield* authority.certificate(kv)
      assert.deepStrictEqual([first.backend, second.backend], ["ca-1", "ca-2"])
      yield* putMesh(store, "ca-2", { ...builtin("ca-2"), dpCert: { rotation: { expiration: "1h" } } })
      yield* refresh
      const third = yield* authority.certificate(kv)
      assert.strictEqual(third.expiresAt, NOW + HOUR)
      assert.isAtLeast(third.renewAt, NOW + HOUR * 4 / 5)
      assert.isAtMost(third.renewAt, NOW + HOUR * 17 / 20)
      assert.strictEqual(yield* authority.certificate(kv), third)
    }).pipe(Effect.scoped), 30_000)

  it.effect("not for a proxy that left and comes back within minutes, and asks for the same", () =>
    Effect.gen(function*() {
      const { authority, refresh, store } = yield* start
      const first = yield* authority.certificate(kv)
      authority.left("default", "kv-1")
      yield* TestClock.adjust(KEPT_MILLIS - 1)
      assert.strictEqual(yield* authority.certificate(kv), first)
      authority.left("default", "kv-1")
      const renamed = yield* authority.certificate({ ...kv, tags: [{ "kuma.io/service": "another" }] })
      assert.include(new X509Certificate(renamed.certificatePem).subjectAltName, "spiffe://default/another")
      authority.left("default", "kv-1")
      yield* putMesh(store, "ca-2", builtin("ca-2"))
      yield* refresh
      assert.strictEqual((yield* authority.certificate(kv)).backend, "ca-2")
    }).pipe(Effect.scoped), 30_000)

  it.effect("but for a proxy that left for longer, or that was due meanwhile", () =>
    Effect.gen(function*() {
      const { authority } = yield* start
      const first = yield* authority.certificate(kv)
      authority.left("default", "kv-1")
      yield* TestClock.adjust(KEPT_MILLIS)
      const second = yield* authority.certificate(kv)
      assert.notStrictEqual(second, first)
      yield* TestClock.setTime(second.renewAt - 1)
      authority.left("default", "kv-1")
      yield* TestClock.adjust(1)
      assert.notStrictEqual(yield* authority.certificate(kv), second)
    }).pipe(Effect.scoped), 30_000)
})

describe("what is kept of proxies that left", () => {
  const place = (kept: KeptCertificates, proxy: number) => kept.place("default", `kv-${proxy}`)

  it("is no more than so many, and those that are there are none of them", () => {
    const kept = new KeptCertificates()
    const proxies = Array.from({ length: 3 * KEPT_MOST }, (_, at) => at)
    const places = proxies.map((at) => place(kept, at))
    for (const at of proxies.slice(KEPT_MOST)) kept.leave("default", `kv-${at}`, NOW)
    assert.strictEqual(kept.size, 2 * KEPT_MOST)
    // Those that left last are there still, as are those that stayed.
    for (const at of [0, KEPT_MOST - 1, 2 * KEPT_MOST, 3 * KEPT_MOST - 1]) {
      assert.strictEqual(place(kept, at), places[at])
    }
    assert.notStrictEqual(place(kept, KEPT_MOST), places[KEPT_MOST])
  })

  it("goes by itself", () => {
    const kept = new KeptCertificates()
    for (const at of [1, 2, 3]) place(kept, at)
    kept.leave("default", "kv-1", NOW)
    kept.leave("default", "kv-2", NOW + 1)
    assert.strictEqual(kept.dropOld(NOW + KEPT_MILLIS), NOW + 1 + KEPT_MILLIS)
    assert.strictEqual(kept.size, 2)
    assert.isNull(kept.dropOld(NOW + 1 + KEPT_MILLIS))
    assert.strictEqual(kept.size, 1)
  })
})
