import { describe, expect, it } from "vitest"
import { decideToken, rotateAt } from "../../../src/controllers/token/decideToken.ts"
import type { TokenClaims } from "../../../src/controllers/token/readToken.ts"
import type { Held, TokenObservation } from "../../../src/controllers/token/TokenObservation.ts"
import type { TokenSettings } from "../../../src/controllers/token/TokenSettings.ts"

const HOUR = 3_600_000
const NOW = Date.parse("2026-03-01T12:00:00Z")

const settings: TokenSettings = {
  secretNamePrefix: "mesh",
  validForMillis: 90 * HOUR,
  rotateBeforeMillis: null,
  lookMillis: 300_000,
  waitMillis: 60_000,
  forgetMillis: 600_000
}

/** Issued ten of its ninety hours ago. */
const claims: TokenClaims = {
  mesh: "default", services: ["kv"], id: "id-1", issuedAt: NOW - 10 * HOUR, expiresAt: NOW + 80 * HOUR
}

const token = (change: Partial<TokenClaims> = {}, objection: string | null = null): Held =>
  ({ status: "token", claims: { ...claims, ...change }, objection })

/** Sixty of its ninety hours are over, but for this many milliseconds. */
const aged = (short: number): Held => token({ issuedAt: NOW - 60 * HOUR + short, expiresAt: NOW + 30 * HOUR })

const seen = (held: Held, change: Partial<TokenObservation> = {}): TokenObservation =>
  ({ secret: "mesh/kv", service: "kv", meshes: ["default"], held, writes: [], ...change })

const decide = (held: Held, change: Partial<TokenObservation> = {}, other: Partial<TokenSettings> = {}) => {
  const { conditions, ...rest } = decideToken(seen(held, change), { ...settings, ...other }, NOW)
  return { ...rest, reason: conditions[0]?.reason, message: conditions[0]?.message, others: conditions.slice(1) }
}

describe("a token in a secret", () => {
  it.each<readonly [string, Held, Partial<TokenSettings>]>([
    ["is for the mesh and the service", token(), {}],
    ["was made by hand for any service", token({ services: null }), {}],
    ["was made by hand for this service among others", token({ services: ["redis", "kv"] }), {}],
    ["was made by hand for any mesh", token({ mesh: "" }), {}],
    ["never expires", token({ expiresAt: null }), {}],
    ["is a millisecond from two thirds of its life", aged(3), {}],
    ["is a millisecond from the configured margin", token({ expiresAt: NOW + HOUR + 1 }), { rotateBeforeMillis: HOUR }]
  ])("stays where it %s", (_, held, other) => {
    expect(decide(held, {}, other)).toMatchObject({ action: "keep", mesh: "default", reason: "TokenGood", others: [] })
  })

  it.each<readonly [string, Held, string, Partial<TokenSettings>]>([
    ["the secret has no value yet", { status: "empty" }, "TokenMissing", {}],
    ["the JSON has no token", { status: "tokenless" }, "TokenMissing", {}],
    ["it can't be read", { status: "unreadable" }, "TokenUnreadable", {}],
    ["two thirds of its life are over", aged(0), "TokenExpires", {}],
    ["its margin is reached", token({ expiresAt: NOW + HOUR }), "TokenExpires", { rotateBeforeMillis: HOUR }],
    ["it has expired", token({ expiresAt: NOW - HOUR }), "TokenExpires", {}],
    ["it is for another service", token({ services: ["redis"] }), "TokenOfAnotherService", {}],
    ["it is for no service", token({ services: [] }), "TokenOfAnotherService", {}],
    ["it is for another mesh", token({ mesh: "other" }), "TokenOfAnotherMesh", {}],
    ["its key is gone", token({}, "there is no signing key with KID 1"), "TokenRefused", {}]
  ])("is replaced where %s", (_, held, reason, other) => {
    expect(decide(held, {}, other)).toMatchObject({ action: "issue", mesh: "default", reason, wakeAt: NOW })
  })

  it("is looked at again when it is due, and until then now and then", () => {
    expect(decide(token()).wakeAt).toBe(NOW + settings.lookMillis)
    const soon = token({ expiresAt: NOW + HOUR + 31_000 })
    expect(decide(soon, {}, { rotateBeforeMillis: HOUR }).wakeAt).toBe(NOW + 31_000)
  })

  it("that doesn't say when it was issued is taken for one of the configured life", () => {
    expect(rotateAt({ ...claims, issuedAt: null }, settings)).toBe(NOW + 80 * HOUR - 30 * HOUR)
  })
})

describe("a secret that can't take a token", () => {
  it.each<readonly [string, Held, string, RegExp]>([
    ["isn't there", { status: "absent" }, "SecretMissing", /create it .*Name: mesh\/kv and SecretString: "\{\}"/],
    ["is being deleted", { status: "deleting" }, "SecretDeleted", /restore it/],
    ["holds bytes", { status: "binary" }, "SecretBinary", /left as it is/],
    ["holds no JSON", { status: "malformed", problem: "isn't JSON" }, "SecretMalformed", /isn't JSON and is left as/]
  ])("and %s is left alone, and its owner is told what to do", (_, held, reason, message) => {
    const decision = decide(held)
    expect(decision).toMatchObject({ action: "wait", reason, wakeAt: NOW + settings.waitMillis })
    expect(decision.message).toMatch(message)
  })
})

describe("tasks of two meshes that share a service's name", () => {
  const meshes = ["default", "other"]

  it("don't take turns: the token stays as it is while its mesh is wanted", () => {
    const decision = decide(token({ mesh: "other" }), { meshes })
    expect(decision).toMatchObject({ action: "keep", mesh: "other", reason: "TokenGood" })
    expect(decision.others).toMatchObject([{ type: "MeshesAgree", status: "False", reason: "SeveralMeshes" }])
  })

  it("get a token of the first where there is none", () => {
    expect(decide({ status: "tokenless" }, { meshes })).toMatchObject({ action: "issue", mesh: "default" })
  })
})

describe("a secret that was written a moment ago", () => {
  const MINUTE = 60_000
  it.each([
    ["once", 1, MINUTE / 2],
    ["twice", 2, MINUTE],
    ["five times", 5, 8 * MINUTE],
    ["nine times", 9, 10 * MINUTE]
  ])("%s within the hour isn't written again before time has passed", (_, count, gap) => {
    const writes = Array.from({ length: count }, (_, at) => NOW - (count - at) * 1000)
    const early = decide({ status: "tokenless" }, { writes })
    expect(early).toMatchObject({ action: "wait", reason: "TokenMissing", wakeAt: NOW - 1000 + gap })
    const later = decideToken(seen({ status: "tokenless" }, { writes }), settings, NOW - 1000 + gap)
    expect(later.action).toBe("issue")
  })
})
