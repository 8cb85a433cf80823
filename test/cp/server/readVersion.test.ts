import { expect, it } from "vitest"
import { readVersion } from "../../../src/cp/server/readVersion.ts"

const version = {
  kumaDp: { version: "2.14.3", gitTag: "v2.14.3", gitCommit: "abc", buildDate: "today", kumaCpCompatible: true },
  envoy: { version: "1.38.3", build: "abc/1.38.3/Clean/RELEASE/BoringSSL", kumaDpCompatible: true },
  dependencies: { coredns: "1.14.3" }
}

it("keeps what a sidecar tells of its own, Envoy's and other versions", () => {
  expect(readVersion({ version })).toEqual(version)
  expect(readVersion({ version: { envoy: { version: "1.38.3" } } })).toEqual({ envoy: { version: "1.38.3" } })
})

it("says of a sidecar whether it goes with this control plane, whatever it says itself", () => {
  const flagOf = (kumaDp: unknown) => readVersion({ version: { kumaDp } })?.["kumaDp"]?.["kumaCpCompatible"]
  const compatible = ["2.12.0", "2.14.3", "v2.16.9", "2.13.0-preview.v1", "unknown", "0.2.0"]
  expect(compatible.filter((version) => flagOf({ version, kumaCpCompatible: false }) !== true)).toEqual([])
  // False is left out, as by Kuma.
  const others = ["2.11.9", "2.17.0", "3.0.0", "2.9.0"]
  expect(others.filter((version) => flagOf({ version, kumaCpCompatible: true }) !== undefined)).toEqual([])
  expect(readVersion({ version: { kumaDp: { kumaCpCompatible: true } } })).toEqual({})
})

it("leaves out that an Envoy isn't the one that its sidecar is made for, as Kuma does", () => {
  expect(readVersion({ version: { envoy: { version: "1.40.0", kumaDpCompatible: false } } }))
    .toEqual({ envoy: { version: "1.40.0" } })
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
