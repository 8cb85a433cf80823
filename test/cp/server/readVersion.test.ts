import { expect, it } from "vitest"
import { readVersion } from "../../../src/cp/server/readVersion.ts"

const version = {
  kumaDp: { version: "2.14.3", gitTag: "v2.14.3", gitCommit: "abc", buildDate: "today", kumaCpCompatible: true },
  envoy: { version: "1.38.3", build: "abc/1.38.3/Clean/RELEASE/BoringSSL", kumaDpCompatible: false },
  dependencies: { coredns: "1.14.3" }
}

it("keeps what a sidecar tells of its own, Envoy's and other versions", () => {
  expect(readVersion({ version })).toEqual(version)
  expect(readVersion({ version: { envoy: { version: "1.38.3" } } })).toEqual({ envoy: { version: "1.38.3" } })
})

it.each([undefined, null, "2.14.3", [version]])("knows nothing of a version that is %j", (said) => {
  expect(readVersion({ version: said })).toBeNull()
})

it("leaves out what no version has: other fields, other types, texts that are too long", () => {
  const long = "x".repeat(257)
  const padded = {
    ...version,
    padding: { text: "x" },
    kumaDp: { ...version.kumaDp, padding: "x", gitTag: { deep: "x" }, buildDate: long },
    envoy: { ...version.envoy, kumaDpCompatible: "x", build: long },
    dependencies: { ...version.dependencies, [long]: "1", other: long, deep: {} }
  }
  expect(readVersion({ version: padded })).toEqual({
    kumaDp: { version: "2.14.3", gitCommit: "abc", kumaCpCompatible: true },
    envoy: { version: "1.38.3" },
    dependencies: version.dependencies
  })
})

it("takes 16 dependencies and no more", () => {
  const dependencies = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`name-${index}`, "1"]))
  expect(Object.keys(readVersion({ version: { dependencies } })?.["dependencies"] ?? {})).toHaveLength(16)
})
