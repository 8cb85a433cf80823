// Who may do what by the API: users by their tokens, nobody else from elsewhere.
import { Effect, Logger } from "effect"
import { createPrivateKey, generateKeyPairSync } from "node:crypto"
import { request as httpRequest } from "node:http"
import { decodeJwt, decodeProtectedHeader, SignJWT } from "jose"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Store, StoreUnavailable } from "../../../src/model/Store.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { selfSigned } from "./selfSigned.ts"
import { type Answer, put, request, startApi as start, type TestApi } from "./testApi.ts"

const databases = useTestDatabases()
let api: TestApi
beforeAll(async () => {
  api = await start(await databases.create())
}, 60_000)
afterAll(() => api?.stop())

/** A request that somebody passed on is nobody's of this machine. */
const ELSEWHERE = { "x-forwarded-for": "192.0.2.7" }

const generate = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  request(`${api.url}/tokens/user`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body)
  })

const tokenOf = async (name: string, groups: ReadonlyArray<string> | null = null, validFor = "1h") =>
  (await generate({ name, groups, validFor })).text

const withToken = (token: string) => ({ ...ELSEWHERE, authorization: `Bearer ${token}` })

const as = (token: string, path: string): Promise<Answer> => request(`${api.url}${path}`, { headers: withToken(token) })

const textOf = (answer: Answer): string => {
  const { json } = answer
  const data = typeof json === "object" && json !== null && "data" in json ? String(json.data) : ""
  return Buffer.from(data, "base64").toString("utf8")
}

const adminToken = async () => textOf(await request(`${api.url}/global-secrets/admin-user-token`))

const putSecret = (name: string, text: string) =>
  put(`${api.url}/global-secrets/${name}`, {
    type: "GlobalSecret", name, data: Buffer.from(text, "utf8").toString("base64")
  })

const keyText = async (serial: number) =>
  textOf(await request(`${api.url}/global-secrets/user-token-signing-key-${serial}`))

describe("an anonymous caller from elsewhere", () => {
  it("gets GET / and nothing more, and is told how to log in", async () => {
    for (const headers of [ELSEWHERE, withToken("nonsense")]) {
      expect((await request(`${api.url}/`, { headers })).status).toBe(200)
    }
    const paths = [
      "/meshes", "/meshes/default/dataplanes", "/secrets", "/global-secrets/admin-user-token", "/who-am-i", "/config",
      "/journal", "/_resources", "/policies", "/_kri/kri_m____default_"
    ]
    for (const path of paths) {
      const answer = await request(`${api.url}${path}`, { headers: ELSEWHERE })
      expect([path, answer.status]).toEqual([path, 401])
      expect(answer.headers.get("www-authenticate")).toBe("Bearer")
      expect(answer.json).toMatchObject({
        type: "/std-errors",
        title: "Authentication required",
        detail: expect.stringContaining("kumactl config control-planes add")
      })
    }
  })

  it("writes and deletes nothing", async () => {
    const url = `${api.url}/meshes/anonymous`
    expect((await put(url, { type: "Mesh", name: "anonymous" }, ELSEWHERE)).status).toBe(401)
    expect((await request(`${api.url}/meshes/default`, { method: "DELETE", headers: ELSEWHERE })).status).toBe(401)
    expect((await request(url)).status).toBe(404)
    expect((await request(`${api.url}/meshes/default`)).status).toBe(200)
  })

  it.each(["Basic dTpw", "bearer abc", "BEARER abc", "Token abc", "Bearer"])("stays so with `%s`", async (value) => {
    const { json, status } = await request(`${api.url}/meshes`, { headers: { ...ELSEWHERE, authorization: value } })
    expect([status, json]).toMatchObject([401, { title: "Authentication required" }])
  })

  it("reads and writes all but secrets and tokens where one setting says so, as the log does", async () => {
    const logged: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => void logged.push(`${logLevel} ${String(message)}`))
    const open = await start(await databases.create(), { config: { anonymousAccess: true }, logger })
    try {
      expect(logged).toContainEqual(expect.stringMatching(/^Warn.*ECS_MESH_API_SERVER_ANONYMOUS_ACCESS is on/))
      expect((await put(`${open.url}/meshes/m`, { type: "Mesh", name: "m" }, ELSEWHERE)).status).toBe(201)
      expect((await request(`${open.url}/meshes`, { headers: ELSEWHERE })).status).toBe(200)
      expect((await request(`${open.url}/who-am-i`, { headers: ELSEWHERE })).json).toEqual({
        name: "mesh-system:anonymous", groups: ["mesh-system:unauthenticated"]
      })
      const { json, status } = await request(`${open.url}/global-secrets/admin-user-token`, { headers: ELSEWHERE })
      expect([status, json]).toMatchObject([403, {
        title: "Access Denied",
        detail: "user \"mesh-system:anonymous/mesh-system:unauthenticated\" cannot access the resource of type " +
          "\"GlobalSecret\""
      }])
    } finally {
      await open.stop()
    }
  })
})

describe("the admin's token", () => {
  it("is in the GlobalSecret admin-user-token from the first start, is good, and isn't made twice", async () => {
    const token = await adminToken()
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: "RS256", kid: "1" })
    expect(decodeJwt(token)).toMatchObject({ Name: "mesh-system:admin", Groups: ["mesh-system:admin"] })
    expect((await as(token, "/who-am-i")).json).toEqual({
      name: "mesh-system:admin", groups: ["mesh-system:admin", "mesh-system:authenticated"]
    })
    for (const path of ["/secrets", "/global-secrets", "/journal", "/config"]) {
      expect([path, (await as(token, path)).status]).toEqual([path, 200])
    }
    await api.defaults()
    expect(await adminToken()).toBe(token)
  })

  it("isn't made where that is off, nor where the key can't sign", async () => {
    const without = await start(await databases.create(), {
      config: { authn: { ...api.config.authn, bootstrapAdminToken: false } }
    })
    try {
      expect((await request(`${without.url}/global-secrets/admin-user-token`)).status).toBe(404)
      expect((await request(`${without.url}/global-secrets/user-token-signing-key-1`)).status).toBe(200)
    } finally {
      await without.stop()
    }
  })
})

describe("the admin's token, where another control plane's keys come", () => {
  const foreignPem = () =>
    generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs1", format: "pem" }).toString()
  const base64 = (text: string) => Buffer.from(text, "utf8").toString("base64")
  const withFresh = async (
    test: (url: string, fresh: TestApi, logged: ReadonlyArray<string>) => Promise<void>,
    bootstrapAdminToken = true
  ) => {
    const logged: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => void logged.push(`${logLevel} ${String(message)}`))
    const config = { authn: { ...api.config.authn, bootstrapAdminToken } }
    const fresh = await start(await databases.create(), { config, logger })
    try {
      await test(`${fresh.url}/global-secrets`, fresh, logged)
    } finally {
      await fresh.stop()
    }
  }
  const write = (url: string, name: string, text: string) =>
    put(`${url}/${name}`, { type: "GlobalSecret", name, data: base64(text) })
  const stored = async (url: string) => textOf(await request(`${url}/admin-user-token`))
  const statusOf = async (fresh: TestApi, token: string) =>
    (await request(`${fresh.url}/who-am-i`, { headers: withToken(token) })).status
  const signedBy = (pem: string, name = "mesh-system:admin") =>
    new SignJWT({ jti: "of-old", Name: name, Groups: ["mesh-system:admin"] })
      .setExpirationTime("1h").setProtectedHeader({ alg: "RS256", kid: "1" }).sign(createPrivateKey(pem))

  it("is made anew, as the one before is known no more, and the log says so", () =>
    withFresh(async (url, fresh, logged) => {
      const before = await stored(url)
      expect((await write(url, "user-token-signing-key-1", foreignPem())).status).toBe(200)
      const after = await stored(url)
      expect(await statusOf(fresh, before)).toBe(401)
      expect(await statusOf(fresh, after)).toBe(200)
      expect(logged).toContainEqual(expect.stringMatching(/^Warn.*admin-user-token was made anew/))
      // One that is good still stays.
      await write(url, "user-token-signing-key-2", foreignPem())
      expect(await stored(url)).toBe(after)
      await request(`${url}/user-token-signing-key-1`, { method: "DELETE" })
      expect(decodeProtectedHeader(await stored(url))).toMatchObject({ kid: "2" })
      expect(await statusOf(fresh, await stored(url))).toBe(200)
    }))

  it("stays where the import brings one that is good by its key", () =>
    withFresh(async (url, fresh) => {
      const pem = foreignPem()
      const theirs = await signedBy(pem)
      await write(url, "admin-user-token", theirs)
      await write(url, "user-token-signing-key-1", pem)
      expect(await stored(url)).toBe(theirs)
      expect(await statusOf(fresh, theirs)).toBe(200)
    }))

  it("is left alone where it is nothing that this control plane makes", () =>
    withFresh(async (url) => {
      for (const other of ["a note of mine", await signedBy(foreignPem(), "ann")]) {
        await write(url, "admin-user-token", other)
        await write(url, "user-token-signing-key-1", foreignPem())
        expect(await stored(url)).toBe(other)
      }
    }))

  it("is the user's own where none is to be made", () =>
    withFresh(async (url) => {
      const theirs = await signedBy(foreignPem())
      await write(url, "admin-user-token", theirs)
      expect((await write(url, "user-token-signing-key-1", foreignPem())).status).toBe(200)
      expect(await stored(url)).toBe(theirs)
    }, false))

  it("isn't brought back where it was removed, nor made without a key that signs", () =>
    withFresh(async (url) => {
      const before = await stored(url)
      expect((await request(`${url}/user-token-signing-key-1`, { method: "DELETE" })).status).toBe(200)
      expect(await stored(url)).toBe(before)
      await request(`${url}/admin-user-token`, { method: "DELETE" })
      await write(url, "user-token-signing-key-1", foreignPem())
      expect((await request(`${url}/admin-user-token`)).status).toBe(404)
    }))

  it("is made anew at a start, too, where the keys changed otherwise", () =>
    withFresh(async (url, fresh) => {
      const key = { type: "GlobalSecret", mesh: "", name: "user-token-signing-key-1" } as const
      const data = base64(foreignPem())
      await fresh.run(Store.use((store) => store.put({ ...key, labels: {}, spec: { data } })))
      expect(await statusOf(fresh, await stored(url))).toBe(401)
      await fresh.defaults()
      expect(await statusOf(fresh, await stored(url))).toBe(200)
    }))
})

describe("POST /tokens/user", () => {
  it("gives a token as text, with Kuma's claims", async () => {
    const answer = await generate({ name: "john", groups: ["team-a", "team-b"], validFor: "30m" })
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/plain; charset=utf-8"])
    expect(answer.headers.get("cache-control")).toBe("no-store")
    const { exp = 0, iat = 0, nbf = 0, ...claims } = decodeJwt(answer.text)
    const jti = expect.stringMatching(/^[0-9a-f-]{36}$/)
    expect(claims).toEqual({ Name: "john", Groups: ["team-a", "team-b"], jti })
    expect([exp - iat, nbf - iat]).toEqual([1805, 0])
  })

  it("keeps groups that aren't given as null", async () => {
    expect(decodeJwt(await tokenOf("john"))).toMatchObject({ Name: "john", Groups: null })
  })

  it("demands a name and a time", async () => {
    const { json, status } = await generate({ groups: ["a"] })
    expect([status, json]).toMatchObject([400, {
      title: "Invalid request",
      invalid_parameters: [
        { field: "name", reason: "cannot be empty" }, { field: "validFor", reason: "cannot be empty" }
      ]
    }])
    expect((await generate({ name: "a", validFor: "soon" })).status).toBe(400)
    expect((await generate({ name: "a", validFor: "0s" })).status).toBe(400)
    expect((await generate({ name: "a", validFor: "1h", admin: true })).status).toBe(400)
  })

  it("is refused where tokens are issued elsewhere", async () => {
    const other = await start(await databases.create(), {
      config: { authn: { ...api.config.authn, issuesTokens: false } }
    })
    try {
      const answer = await request(`${other.url}/tokens/user`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name: "a", validFor: "1h" })
      })
      expect(answer.status).toBe(400)
    } finally {
      await other.stop()
    }
  })
})

describe("a user", () => {
  it("reads and writes what isn't reserved, and no secrets, tokens or journal", async () => {
    const token = await tokenOf("joe", ["dev"])
    const url = `${api.url}/meshes/joes`
    expect((await put(url, { type: "Mesh", name: "joes" }, withToken(token))).status).toBe(201)
    expect((await as(token, "/meshes/joes")).status).toBe(200)
    for (const path of ["/secrets", "/meshes/default/secrets/x", "/global-secrets", "/journal"]) {
      const { json, status } = await as(token, path)
      expect([path, status]).toEqual([path, 403])
      expect(json).toMatchObject({
        title: "Access Denied",
        detail: expect.stringMatching(/^user "joe\/dev,mesh-system:authenticated" cannot access /)
      })
    }
    expect((await generate({ name: "root", validFor: "1h" }, withToken(token))).status).toBe(403)
  })

  it("has no Secret sent to a proxy that an administrator didn't have sent, and changes the rest", async () => {
    const joes = withToken(await tokenOf("joe", ["dev"]))
    const at = (type: string) => `${api.url}/meshes/default/${type.toLowerCase()}s/out`
    const older = (tls: object, port = 443) => ({
      type: "ExternalService", mesh: "default", name: "out", tags: { "kuma.io/service": "out" },
      networking: { address: `example.test:${port}`, tls: { enabled: true, ...tls } }
    })
    const newer = (verification: object, port = 443) => ({
      type: "MeshExternalService", mesh: "default", name: "out", spec: {
        match: { type: "HostnameGenerator", port: 443, protocol: "tcp" },
        endpoints: [{ address: "example.test", port }],
        tls: { enabled: true, verification }
      }
    })
    for (const [external, path] of [[older, "networking.tls"], [newer, "spec.tls.verification"]] as const) {
      const url = at(external({}).type)
      const clientCert = { inlineString: "c" }
      const clientKey = { secret: "anybodys" }
      for (const named of [{ clientCert, clientKey }, { caCert: clientKey }, { clientCert: clientKey, clientKey: clientCert }]) {
        const { json, status } = await put(url, external(named), joes)
        expect([status, json]).toMatchObject([403, {
          title: "Access Denied",
          detail: expect.stringMatching(/^user "joe\/dev,mesh-system:authenticated" cannot access the Secret "anybodys"/)
        }])
      }
      expect((await put(url, external({ clientCert, clientKey }))).status).toBe(201)
      // What an administrator wrote stays as it is with all that others change.
      expect((await put(url, external({ clientCert, clientKey }, 8_443), joes)).status).toBe(200)
      const changed = await put(url, external({ caCert: clientKey, clientCert, clientKey }), joes)
      expect([changed.status, changed.json]).toMatchObject([403, { detail: expect.stringContaining(`${path}.caCert`) }])
      expect((await put(url, external({ clientCert, clientKey: { secret: "another" } }), joes)).status).toBe(403)
      expect((await put(url, external({}), joes)).status).toBe(200)
      expect((await put(url, external({ clientCert, clientKey }), joes)).status).toBe(403)
    }
  })

  it("has no authority of a mesh live on Secrets that an administrator didn't name, and changes the rest", async () => {
    const joes = withToken(await tokenOf("joe", ["dev"]))
    const url = `${api.url}/meshes/provided`
    const mesh = (backends: ReadonlyArray<object>) => ({ type: "Mesh", name: "provided", mtls: { backends } })
    const { certificatePem, privateKeyPem } = await selfSigned()
    const authority = (name: string, cert: object, key: object) => ({ name, type: "provided", conf: { cert, key } })
    const [inlineCert, inlineKey] = [{ inlineString: certificatePem }, { inlineString: privateKeyPem }]
    expect((await put(url, mesh([]))).status).toBe(201)
    for (const name of ["cert", "key", "other"]) {
      const data = Buffer.from(name === "key" ? privateKeyPem : certificatePem).toString("base64")
      expect((await put(`${url}/secrets/${name}`, { type: "Secret", mesh: "provided", name, data })).status).toBe(201)
    }
    const named = authority("one", { secret: "cert" }, { secret: "key" })
    for (const [one, path] of [
      [authority("one", { secret: "cert" }, inlineKey), "conf.cert.secret"],
      [authority("one", inlineCert, { secret: "key" }), "conf.key.secret"]
    ] as const) {
      const { json, status } = await put(url, mesh([one]), joes)
      expect([status, json]).toMatchObject([403, {
        title: "Access Denied",
        detail: expect.stringMatching(/^user "joe\/dev,mesh-system:authenticated" cannot access the Secret "(cert|key)"/)
      }])
      expect(json).toMatchObject({ detail: expect.stringContaining(`mtls.backends[0].${path}`) })
    }
    expect((await put(url, mesh([named]))).status).toBe(200)
    // What an administrator wrote stays as it is with all that others change.
    expect((await put(url, { ...mesh([named]), labels: { team: "joes" } }, joes)).status).toBe(200)
    expect((await put(url, mesh([authority("one", { secret: "other" }, { secret: "key" })]), joes)).status).toBe(403)
    expect((await put(url, mesh([authority("one", inlineCert, inlineKey)]), joes)).status).toBe(200)
    expect((await put(url, mesh([named]), joes)).status).toBe(403)
  })

  it("is an administrator by name or by group, as the static access says", async () => {
    const grants = await start(await databases.create(), {
      config: { access: { ...api.config.access, adminResources: { users: ["ann"], groups: ["ops"] } } }
    })
    try {
      const make = async (name: string, groups: ReadonlyArray<string>) => {
        const answer = await request(`${grants.url}/tokens/user`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ name, groups, validFor: "1h" })
        })
        return (await request(`${grants.url}/secrets`, { headers: withToken(answer.text) })).status
      }
      expect(await make("ann", [])).toBe(200)
      expect(await make("bob", ["ops"])).toBe(200)
      expect(await make("bob", ["dev"])).toBe(403)
      // What it says of itself is a name like any other.
      expect(await make("mesh-system:admin", ["mesh-system:admin"])).toBe(403)
      const anonymous = await request(`${grants.url}/tokens/user`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name: "mesh-system:anonymous", groups: ["mesh-system:unauthenticated"], validFor: "1h" })
      })
      expect((await request(`${grants.url}/meshes`, { headers: withToken(anonymous.text) })).status).toBe(200)
    } finally {
      await grants.stop()
    }
  })

  it("on this machine is admin whatever token it brings, and isn't where localhost is nobody special", async () => {
    const headers = { authorization: "Bearer nonsense" }
    expect((await request(`${api.url}/who-am-i`, { headers })).json).toMatchObject({ name: "mesh-system:admin" })
    const closed = await start(await databases.create(), { localhostIsAdmin: false })
    try {
      expect((await request(`${closed.url}/who-am-i`, { headers })).status).toBe(401)
      expect((await request(`${closed.url}/who-am-i`)).status).toBe(401)
    } finally {
      await closed.stop()
    }
  })
})

describe("a user token is refused:", () => {
  const refusal = async (token: string) => {
    const { headers, json, status } = await as(token, "/who-am-i")
    expect([status, headers.get("www-authenticate")]).toEqual([401, "Bearer error=\"invalid_token\""])
    expect(json).toMatchObject({ type: "/std-errors", title: "Invalid authentication data" })
    return json
  }

  const signed = async (claims: Readonly<Record<string, unknown>>, serial = 1, header: object = {}) => {
    const jwt = new SignJWT({ jti: "id-1", exp: Math.floor(Date.now() / 1000) + 600, ...claims })
    return jwt.setProtectedHeader({ alg: "RS256", kid: String(serial), ...header })
      .sign(createPrivateKey(await keyText(serial)))
  }

  it("one that nobody signed, or another key did", async () => {
    await refusal("nonsense")
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
    const forged = (alg: string, kid: string) =>
      new SignJWT({ jti: "x", Name: "mesh-system:admin", Groups: ["mesh-system:admin"] })
        .setExpirationTime("1h").setProtectedHeader({ alg, kid })
    expect(await refusal(await forged("RS256", "1").sign(privateKey)))
      .toMatchObject({ detail: expect.stringContaining("signature") })
    expect(await refusal(await forged("RS256", "77").sign(privateKey)))
      .toMatchObject({ detail: expect.stringContaining("user-token-signing-key-77") })
    const hmac = await forged("HS256", "1").sign(Buffer.from(await keyText(1)))
    await refusal(hmac)
    const [, payload] = hmac.split(".")
    await refusal(`${Buffer.from("{\"alg\":\"none\",\"kid\":\"1\"}").toString("base64url")}.${payload}.`)
  })

  it("one of another kind, though the key is good", async () => {
    const zone = await request(`${api.url}/tokens/zone`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ zone: "zone-1", scope: ["ingress"] })
    })
    await refusal(zone.text)
    await refusal(await signed({ Groups: ["mesh-system:admin"] }))
    await refusal(await signed({ Name: "", Groups: ["mesh-system:admin"] }))
    await refusal(await signed({ Name: "a", Groups: "mesh-system:admin" }))
    expect((await as(await signed({ Name: "a", Groups: ["b"] }), "/who-am-i")).status).toBe(200)
  })

  it("one that is over, isn't yet, or can't be revoked", async () => {
    const now = Math.floor(Date.now() / 1000)
    await refusal(await signed({ Name: "a", exp: now - 10 }))
    await refusal(await signed({ Name: "a", nbf: now + 600 }))
    await refusal(await signed({ Name: "a", jti: undefined }))
  })

  it("two at a time, were they the same", async () => {
    const token = await tokenOf("joe")
    const status = await new Promise((resolve, reject) => {
      const lines = ["authorization", `Bearer ${token}`, "authorization", `Bearer ${token}`]
      httpRequest(`${api.url}/who-am-i`, { headers: [...lines, "x-real-ip", "192.0.2.1", "host", "localhost"] },
        (answer) => {
          answer.resume()
          resolve(answer.statusCode)
        }).on("error", reject).end()
    })
    expect(status).toBe(401)
  })

  it("one on the list of revocations, from the answer on", async () => {
    const token = await tokenOf("joe")
    const other = await tokenOf("joe")
    expect((await as(token, "/who-am-i")).status).toBe(200)
    await putSecret("user-token-revocations", `some-id, ${decodeJwt(token).jti}`)
    expect(await refusal(token)).toMatchObject({ detail: expect.stringContaining("revoked") })
    expect((await as(other, "/who-am-i")).status).toBe(200)
  })

  it("one whose key is gone or another; the highest key signs", async () => {
    const before = await tokenOf("joe")
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
    await putSecret("user-token-signing-key-2", privateKey.export({ type: "pkcs1", format: "pem" }).toString())
    const after = await tokenOf("joe")
    expect(decodeProtectedHeader(after)).toMatchObject({ kid: "2" })
    for (const token of [before, after]) expect((await as(token, "/who-am-i")).status).toBe(200)
    const admins = await adminToken()
    expect((await request(`${api.url}/global-secrets/user-token-signing-key-1`, { method: "DELETE" })).status).toBe(200)
    expect(await refusal(before)).toMatchObject({ detail: expect.stringContaining("signing key") })
    await refusal(admins)
    expect((await as(after, "/who-am-i")).status).toBe(200)
    const another = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey
    await putSecret("user-token-signing-key-2", another.export({ type: "pkcs1", format: "pem" }).toString())
    await refusal(after)
  })

  it("and nothing of it is told", async () => {
    const token = await tokenOf("joe")
    const broken = `${token.slice(0, -4)}AAAA`
    const { text } = await as(broken, "/who-am-i")
    for (const part of broken.split(".")) expect(text).not.toContain(part)
  })
})

describe("a store that doesn't answer", () => {
  it("lets nobody in by a token, and says so", async () => {
    const unavailable = new StoreUnavailable({ operation: "get", message: "gone" })
    const failing = await start(await databases.create(), {
      between: (store) => ({
        ...store,
        get: (key) => key.name.startsWith("user-token-") ? Effect.fail(unavailable) : store.get(key)
      })
    })
    try {
      const { json, status } = await request(`${failing.url}/who-am-i`, { headers: withToken(await tokenOf("joe")) })
      expect([status, json]).toMatchObject([503, { title: "Service unavailable" }])
    } finally {
      await failing.stop()
    }
  })
})
