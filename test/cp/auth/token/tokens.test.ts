// Dataplane and zone tokens over a real store: what is issued is taken, what isn't ours is refused, what is revoked
// ends.
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto"
import { Effect, Layer, ManagedRuntime } from "effect"
import { SignJWT } from "jose"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { Authenticator, type Identity, type ProxyClaim } from "../../../../src/cp/auth/Authenticator.ts"
import { authenticatorLayer } from "../../../../src/cp/auth/authenticatorLayer.ts"
import { ensureSigningKey } from "../../../../src/cp/auth/token/ensureSigningKey.ts"
import { issueDataplaneToken, issueZoneToken } from "../../../../src/cp/auth/token/issueToken.ts"
import { dataplaneTokens, type TokenScope, ZONE_TOKENS } from "../../../../src/cp/auth/token/TokenScope.ts"
import type { AuthConfig } from "../../../../src/cp/config/ControlPlaneConfig.ts"
import { ResourceCache } from "../../../../src/cp/snapshot/ResourceCache.ts"
import { ResourceCacheLive } from "../../../../src/cp/snapshot/ResourceCacheLive.ts"
import { PostgresStore } from "../../../../src/cp/store/PostgresStore.ts"
import type { DesiredResource, ResourceKey } from "../../../../src/model/Resource.ts"
import { Store } from "../../../../src/model/Store.ts"
import { useTestDatabases } from "../../store/testDatabases.ts"

const HOUR = 3_600_000
const databases = useTestDatabases()

const auth: AuthConfig = {
  dpProxyType: "dpToken",
  zoneProxyType: "zoneToken",
  reloadableTokens: false,
  audience: null,
  checkPeerAddress: false,
  stsEndpoint: null,
  stsHosts: []
}

const openRuntime = async () => {
  const store = PostgresStore.layer(await databases.create())
  return ManagedRuntime.make(
    authenticatorLayer({ auth, aws: null, zone: "zone-1", audience: "x" }).pipe(
      Layer.provideMerge(ResourceCacheLive),
      Layer.provideMerge(store)
    )
  )
}

let runtime: Awaited<ReturnType<typeof openRuntime>>
beforeAll(async () => { runtime = await openRuntime() })
afterAll(() => runtime.dispose())

const run = <A, E>(effect: Effect.Effect<A, E, Store | ResourceCache | Authenticator>): Promise<A> =>
  runtime.runPromise(effect)

/** A mesh of its own for each test: its keys, revocations and Dataplanes are nobody else's. */
let mesh = ""
let count = 0
beforeEach(() => { mesh = `mesh-${(count += 1)}` })

const claimOf = (change: Partial<ProxyClaim> = {}): ProxyClaim => ({
  proxyType: "dataplane",
  mesh,
  name: "demo-app-1",
  peerAddress: null,
  ...change
})

/** Waits until the cache shows what the store has. */
const settled = async (key: ResourceKey, there: boolean): Promise<void> => {
  const cache = await run(ResourceCache)
  await expect.poll(() => cache.get(key) !== undefined, { timeout: 10_000 }).toBe(there)
}

const put = async (resource: DesiredResource): Promise<void> => {
  const { version } = await run(Store.use((store) => store.put(resource)))
  const cache = await run(ResourceCache)
  await expect.poll(() => cache.get(resource)?.version, { timeout: 10_000 }).toBe(version)
}

const remove = async (key: ResourceKey): Promise<void> => {
  await run(Store.use((store) => store.remove(key)))
  await settled(key, false)
}

const secretOf = ({ type, mesh }: TokenScope, name: string, content: string | Buffer): DesiredResource => ({
  type,
  mesh,
  name,
  labels: {},
  spec: { data: Buffer.from(content).toString("base64") }
})

const ensureKey = async (scope: TokenScope): Promise<{ readonly keyId: string; readonly pem: string }> => {
  const key = await run(ensureSigningKey(scope))
  await settled({ type: scope.type, mesh: scope.mesh, name: `${scope.keyPrefix}-${key.keyId}` }, true)
  return key
}

const enter = (token: string | ReadonlyArray<string>, claim: ProxyClaim): Promise<Identity | string> =>
  run(
    Authenticator.use(({ authenticate }) => authenticate(typeof token === "string" ? [token] : token, claim)).pipe(
      Effect.catch((error) => Effect.succeed(`${error._tag}: ${error.reason}`))
    )
  )

const lost = async (identity: Identity | string, claim: ProxyClaim): Promise<string | null> => {
  if (typeof identity === "string") throw new Error(identity)
  const { lost: judge } = await run(Authenticator)
  return judge(identity, claim)?.reason ?? null
}

/** A token of this mesh, issued as the API will. */
const issue = async (
  change: Omit<Partial<Parameters<typeof issueDataplaneToken>[0]>, "mesh"> = {}
): Promise<string> => {
  await ensureKey(dataplaneTokens(mesh))
  return run(issueDataplaneToken({ mesh, validForMillis: HOUR, ...change }))
}

/** A token with any header and claims, signed with this mesh's own key. */
const forge = async (
  claims: Record<string, unknown>,
  header: Record<string, unknown> = {},
  pem?: string
): Promise<string> => {
  const key = await ensureKey(dataplaneTokens(mesh))
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({ Name: "", Mesh: mesh, Tags: {}, jti: "id-1", nbf: now - 5, exp: now + 60, ...claims })
    .setProtectedHeader({ alg: "RS256", kid: key.keyId, ...header })
    .sign(createPrivateKey(pem ?? key.pem))
}

const payloadOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as Record<string, unknown>

const putDataplane = (tags: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>> = {}) =>
  put({
    type: "Dataplane",
    mesh,
    name: "demo-app-1",
    labels,
    spec: { networking: { address: "10.0.0.1", inbound: [{ port: 80, tags }] } }
  })

it("takes a dataplane token, and says by what it may be revoked", async () => {
  const token = await issue({ name: "demo-app-1" })
  const identity = await enter(token, claimOf())
  expect(identity).toMatchObject({ method: "dataplane-token", keyId: "1", tokenId: payloadOf(token)["jti"], tags: {} })
  expect(await lost(identity, claimOf())).toBeNull()
})

it("issues tokens with the claims and header that Kuma's tools expect", async () => {
  const before = Math.floor(Date.now() / 1000)
  const token = await issue()
  expect(JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString("utf8"))).toEqual({
    alg: "RS256",
    kid: "1",
    typ: "JWT"
  })
  const { jti, iat, nbf, exp, ...claims } = payloadOf(token)
  expect(claims).toEqual({ Name: "", Mesh: mesh, Tags: {}, Type: "", Workload: "" })
  expect(jti).toMatch(/^[0-9a-f-]{36}$/)
  expect(Number(iat)).toBeGreaterThanOrEqual(before - 5)
  expect(nbf).toBe(iat)
  expect(Number(exp) - Number(iat)).toBe(3_605)
})

it("signs with the newest key and still takes the older ones' tokens", async () => {
  const scope = dataplaneTokens(mesh)
  const old = await issue()
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
  // The tenth comes after the second: serials are numbers.
  for (const serial of [2, 10]) {
    await put(secretOf(scope, `${scope.keyPrefix}-${serial}`, privateKey.export({ type: "pkcs1", format: "pem" })))
  }
  const recent = await issue()
  expect(await enter(recent, claimOf())).toMatchObject({ keyId: "10" })
  expect(await enter(old, claimOf())).toMatchObject({ keyId: "1" })
})

it("replicas that make the first key at once end with the same", async () => {
  const keys = await Promise.all(Array.from({ length: 4 }, () => run(ensureSigningKey(dataplaneTokens(mesh)))))
  expect(new Set(keys.map(({ pem }) => pem)).size).toBe(1)
})

it("says that there is no key for a mesh that isn't there", async () => {
  const failure = await run(Effect.flip(issueDataplaneToken({ mesh: "nowhere", validForMillis: HOUR })))
  expect(failure.message).toContain("Signing Key not found")
})

describe("refuses a dataplane token", () => {
  it("for another proxy", async () => {
    expect(await enter(await issue({ name: "other" }), claimOf())).toBe("Refused: TokenNameMismatch")
  })
  it("for another mesh, signed with this mesh's key", async () => {
    expect(await enter(await forge({ Mesh: "other" }), claimOf())).toBe("Refused: TokenMeshMismatch")
  })
  it("of another mesh's key", async () => {
    const elsewhere = await issue()
    mesh = `${mesh}-other`
    await issue()
    expect(await enter(elsewhere, claimOf())).toBe("Refused: TokenSignatureInvalid")
  })
  it("brought for a zone's proxy, and says which token is wanted", async () => {
    await ensureKey(ZONE_TOKENS)
    const egress = claimOf({ proxyType: "egress" })
    const told = (token: string, claim: ProxyClaim) =>
      run(Authenticator.use(({ authenticate }) => authenticate([token], claim)).pipe(
        Effect.flip, Effect.map(({ message, reason }) => `${reason}: ${message}`)))
    expect(await told(await issue(), egress)).toMatch(/^TokenSignatureInvalid: .*a dataplane token, and .*a zone token: /)
    const zone = await run(issueZoneToken({ zone: "zone-1", scope: ["egress"], validForMillis: HOUR }))
    await issue()
    expect(await told(zone, claimOf())).toMatch(/^TokenSignatureInvalid: .*a zone token, and .*a dataplane token: /)
    // What nobody here signed is told nothing of the kind.
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
    const foreign = await forge({}, {}, privateKey.export({ type: "pkcs1", format: "pem" }).toString())
    expect(await told(foreign, egress)).toMatch(/its signature isn't of this control plane's key$/)
  })
  it("for another type of proxy", async () => {
    expect(await enter(await issue({ type: "ingress" }), claimOf())).toBe("Refused: TokenTypeMismatch")
  })
  it("that has expired", async () => {
    expect(await enter(await issue({ validForMillis: -60_000 }), claimOf())).toBe("Refused: TokenExpired")
  })
  it("that isn't valid yet", async () => {
    const nbf = Math.floor(Date.now() / 1000) + 60
    expect(await enter(await forge({ nbf }), claimOf())).toBe("Refused: TokenNotYetValid")
  })
  it("without an id, which couldn't be revoked", async () => {
    expect(await enter(await forge({ jti: undefined }), claimOf())).toBe("Refused: TokenIdMissing")
  })
  it("whose claims have other types", async () => {
    expect(await enter(await forge({ Name: 1 }), claimOf())).toBe("Refused: TokenClaimsMalformed")
    expect(await enter(await forge({ Tags: "x" }), claimOf())).toBe("Refused: TokenClaimsMalformed")
  })
  it("that is altered", async () => {
    const [header, payload = "", signature] = (await issue({ name: "other" })).split(".")
    const altered = Buffer.from(payload, "base64url").toString("utf8").replace("other", "demo-app-1")
    const token = [header, Buffer.from(altered).toString("base64url"), signature].join(".")
    expect(await enter(token, claimOf())).toBe("Refused: TokenSignatureInvalid")
  })
  it("spelt in another way that says the same", async () => {
    const token = await issue()
    const last = token.slice(-1)
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    // The last character of 256 bytes has four bits that nobody reads.
    const twin = token.slice(0, -1) + (alphabet[alphabet.indexOf(last) ^ 1] ?? "")
    expect(Buffer.from(twin.split(".")[2] ?? "", "base64url")).toEqual(
      Buffer.from(token.split(".")[2] ?? "", "base64url")
    )
    for (const text of [twin, `${token}==`, `${token} `, `${token.slice(0, -8)}\n${token.slice(-8)}`]) {
      expect(await enter(text, claimOf())).toBe("Refused: TokenMalformed")
    }
  })
  it("longer than 32 KiB before reading it", async () => {
    expect(await enter("x".repeat(32 * 1024 + 1), claimOf())).toBe("Refused: TokenTooLong")
  })
  it("of a key that isn't there", async () => {
    expect(await enter(await forge({}, { kid: "7" }), claimOf())).toBe("Refused: SigningKeyNotFound")
  })
  it.each<[string, unknown]>([
    ["missing", undefined],
    ["a path", "../1"],
    ["a number", 1],
    ["another name", "x-1"]
  ])("whose kid is %s", async (_, kid) => {
    expect(await enter(await forge({}, { kid }), claimOf())).toBe("Refused: TokenKeyIdMissing")
  })
  it("that isn't a JWT, or is empty, or comes twice", async () => {
    const token = await issue()
    for (const text of ["x", "a.b.c", `${token}.x`, `Bearer ${token}`, token.slice(0, token.lastIndexOf("."))]) {
      expect(await enter(text, claimOf())).toMatch(/^Refused: Token/)
    }
    expect(await enter("", claimOf())).toBe("Refused: CredentialMissing")
    expect(await enter([token, token], claimOf())).toBe("Refused: CredentialRepeated")
  })
})

describe("refuses any algorithm but RS256:", () => {
  const unsigned = (header: object, payload: object): string =>
    [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".")

  it("none", async () => {
    const payload = payloadOf(await issue())
    const token = `${unsigned({ alg: "none", kid: "1" }, payload)}.`
    expect(await enter(token, claimOf())).toBe("Refused: TokenAlgorithmWrong")
  })
  it("HS256 with the public key as its secret", async () => {
    const payload = payloadOf(await issue())
    const { pem } = await ensureKey(dataplaneTokens(mesh))
    const secret = createPublicKey(pem).export({ type: "spki", format: "pem" })
    const text = unsigned({ alg: "HS256", kid: "1" }, payload)
    const token = `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`
    expect(await enter(token, claimOf())).toBe("Refused: TokenAlgorithmWrong")
  })
  it("RS512 and PS256 with the right key", async () => {
    for (const alg of ["RS512", "PS256"]) {
      expect(await enter(await forge({}, { alg }), claimOf())).toBe("Refused: TokenAlgorithmWrong")
    }
  })
})

describe("of the tags that a token demands", () => {
  const tags = { "kuma.io/service": ["demo-app", "demo-api"] }

  it("refuses a Dataplane without one, or with a value that isn't allowed", async () => {
    const token = await issue({ tags })
    await putDataplane({ version: "1" })
    expect(await enter(token, claimOf())).toBe("Refused: TokenTagMissing")
    await putDataplane({ "kuma.io/service": "kv" })
    expect(await enter(token, claimOf())).toBe("Refused: TokenTagMismatch")
    await putDataplane({ "kuma.io/service": "demo-api" })
    expect(await enter(token, claimOf())).toMatchObject({ tags })
  })

  it("closes a stream whose Dataplane comes to have another value", async () => {
    const token = await issue({ tags })
    const identity = await enter(token, claimOf())
    expect(await lost(identity, claimOf())).toBeNull()
    await putDataplane({ "kuma.io/service": "kv" })
    expect(await lost(identity, claimOf())).toBe("TokenTagMismatch")
  })

  it("refuses a Dataplane of another workload than the token's", async () => {
    const token = await issue({ workload: "web" })
    await putDataplane({})
    expect(await enter(token, claimOf())).toBe("Refused: TokenWorkloadMissing")
    await putDataplane({}, { "kuma.io/workload": "api" })
    expect(await enter(token, claimOf())).toBe("Refused: TokenWorkloadMismatch")
    await putDataplane({}, { "kuma.io/workload": "web" })
    expect(await enter(token, claimOf())).toMatchObject({ workload: "web" })
  })
})

describe("an open stream of a token loses its right when", () => {
  it("the token is revoked, alone or among others", async () => {
    const scope = dataplaneTokens(mesh)
    const token = await issue()
    const identity = await enter(token, claimOf())
    await put(secretOf(scope, scope.revocations, "someone-else"))
    expect(await lost(identity, claimOf())).toBeNull()
    await put(secretOf(scope, scope.revocations, `someone-else,${String(payloadOf(token)["jti"])}\n`))
    expect(await lost(identity, claimOf())).toBe("TokenRevoked")
    expect(await enter(token, claimOf())).toBe("Refused: TokenRevoked")
  })
  it("the token expires", async () => {
    const identity = await enter(await issue(), claimOf())
    if (typeof identity === "string" || identity.method !== "dataplane-token") throw new Error("not let in")
    expect(await lost({ ...identity, expiresAt: Date.now() + 60_000 }, claimOf())).toBeNull()
    expect(await lost({ ...identity, expiresAt: Date.now() - 1 }, claimOf())).toBe("TokenExpired")
  })
  it("the signing key is gone, or is another under the same serial", async () => {
    const scope = dataplaneTokens(mesh)
    const identity = await enter(await issue(), claimOf())
    const key = { type: scope.type, mesh, name: `${scope.keyPrefix}-1` }
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
    await put(secretOf(scope, key.name, privateKey.export({ type: "pkcs1", format: "pem" })))
    expect(await lost(identity, claimOf())).toBe("SigningKeyReplaced")
    await remove(key)
    expect(await lost(identity, claimOf())).toBe("SigningKeyNotFound")
  })
})

describe("of the key that a secret holds", () => {
  it.each<[string, (key: KeyObject) => string | Buffer]>([
    ["a PKCS #1 private key", (key) => key.export({ type: "pkcs1", format: "pem" })],
    ["the DER of one, as first versions had it", (key) => key.export({ type: "pkcs1", format: "der" })]
  ])("takes %s", async (_, encode) => {
    const scope = dataplaneTokens(mesh)
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
    await put(secretOf(scope, `${scope.keyPrefix}-1`, encode(privateKey)))
    const pem = privateKey.export({ type: "pkcs1", format: "pem" }).toString()
    expect(await enter(await forge({}, {}, pem), claimOf())).toMatchObject({ method: "dataplane-token" })
  })

  it.each(["pkcs1", "spki"] as const)("takes a public key (%s), by which nothing can be issued", async (type) => {
    const scope = dataplaneTokens(mesh)
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
    await put(secretOf(scope, `${scope.keyPrefix}-1`, publicKey.export({ type, format: "pem" })))
    const pem = privateKey.export({ type: "pkcs1", format: "pem" }).toString()
    expect(await enter(await forge({}, {}, pem), claimOf())).toMatchObject({ method: "dataplane-token" })
    const failure = await run(Effect.flip(issueDataplaneToken({ mesh, validForMillis: HOUR })))
    expect(failure).toMatchObject({ reason: "SigningKeyUnusable" })
  })

  it.each([
    ["nothing", () => ""],
    ["no key", () => "hello"],
    ["a short RSA key", () =>
      generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({ type: "pkcs1", format: "pem" })],
    ["an elliptic key", () =>
      generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "sec1", format: "pem" })]
  ])("refuses %s", async (_, content) => {
    const scope = dataplaneTokens(mesh)
    const token = await issue()
    await put(secretOf(scope, `${scope.keyPrefix}-1`, content()))
    expect(await enter(token, claimOf())).toBe("Refused: SigningKeyUnusable")
  })
})

describe("a zone token", () => {
  const ingress = (): ProxyClaim => claimOf({ proxyType: "ingress", mesh: "" })
  const zoneToken = async (zone: string, scope: ReadonlyArray<string>): Promise<string> => {
    await ensureKey(ZONE_TOKENS)
    return run(issueZoneToken({ zone, scope, validForMillis: HOUR }))
  }

  it("is taken in its zone and scope", async () => {
    const identity = await enter(await zoneToken("zone-1", ["ingress", "egress"]), ingress())
    expect(identity).toMatchObject({ method: "zone-token" })
    expect(await lost(identity, ingress())).toBeNull()
    expect(await enter(await zoneToken("", ["ingress"]), ingress())).toMatchObject({ method: "zone-token" })
  })
  it("is refused in another zone", async () => {
    expect(await enter(await zoneToken("zone-2", ["ingress"]), ingress())).toBe("Refused: TokenZoneMismatch")
  })
  it("is refused out of its scope", async () => {
    expect(await enter(await zoneToken("zone-1", ["egress"]), ingress())).toBe("Refused: TokenScopeMismatch")
    expect(await enter(await zoneToken("zone-1", ["cp"]), ingress())).toBe("Refused: TokenScopeMismatch")
    expect(await enter(await zoneToken("zone-1", []), ingress())).toBe("Refused: TokenScopeMismatch")
  })
  it("is refused from a dataplane, and a dataplane token from an ingress", async () => {
    await issue()
    expect(await enter(await zoneToken("zone-1", ["ingress"]), claimOf())).toBe("Refused: TokenSignatureInvalid")
    expect(await enter(await issue(), ingress())).toBe("Refused: TokenSignatureInvalid")
  })
})

it("with authentication off everybody is let in as nobody in particular", async () => {
  const off = ManagedRuntime.make(
    authenticatorLayer({
      auth: { ...auth, dpProxyType: "none", zoneProxyType: "none" },
      aws: null,
      zone: "zone-1",
      audience: "x"
    }).pipe(Layer.provide(Layer.succeed(ResourceCache, await run(ResourceCache))))
  )
  try {
    const { authenticate, lost: judge } = await off.runPromise(Authenticator)
    expect(await off.runPromise(authenticate([], claimOf()))).toEqual({ method: "none" })
    expect(judge({ method: "none" }, claimOf())).toBeNull()
  } finally {
    await off.dispose()
  }
})
