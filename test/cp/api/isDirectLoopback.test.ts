import { describe, expect, it } from "vitest"
import { isDirectLoopback } from "../../../src/cp/api/isDirectLoopback.ts"

const judge = (
  remoteAddress: string | undefined,
  headers: Readonly<Record<string, string>>,
  scheme: "http" | "https" = "http"
) => isDirectLoopback({ remoteAddress, scheme, headers })

const HERE = { host: "localhost:5681" }

describe("a request is direct", () => {
  it.each(["127.0.0.1", "127.9.8.7", "::1", "::ffff:127.0.0.1"])("from %s", (remote) => {
    expect(judge(remote, HERE)).toBe(true)
  })

  it.each(["localhost", "LOCALHOST:5681", "localhost.:5681", "127.0.0.1:5681", "[::1]:5681", "localhost:1"])(
    "to the host %s",
    (host) => expect(judge("127.0.0.1", { host })).toBe(true)
  )

  it.each([
    ["http://localhost:5681", "localhost:5681"],
    ["http://localhost:5681", "LOCALHOST:5681"],
    ["http://localhost", "localhost:80"],
    ["https://localhost", "localhost:443"],
    ["http://localhost:80", "localhost"]
  ])("from the page %s to %s", (origin, host) => expect(judge("127.0.0.1", { host, origin })).toBe(true))

  it.each(["same-origin", "none"])("that a browser calls %s", (site) => {
    expect(judge("127.0.0.1", { ...HERE, "sec-fetch-site": site })).toBe(true)
  })
})

describe("a request isn't direct", () => {
  it.each(["203.0.113.1", "10.0.0.1", "::2", "", undefined])("from %s", (remote) => {
    expect(judge(remote, HERE)).toBe(false)
  })

  it.each([
    "elsewhere.example", "localhost.elsewhere.example", "10.0.0.1:5681", "localhost:", "localhost:bad", "localhost:0",
    "localhost:70000", "user@localhost", "localhost/x", "", "[::2]:5681", "127.0.0.1.elsewhere.example"
  ])("to the host %j", (host) => expect(judge("127.0.0.1", { host })).toBe(false))

  it.each([
    ["https://elsewhere.example", "localhost:5681"],
    ["http://127.0.0.1:3000", "localhost:5681"],
    ["http://localhost", "localhost:5681"],
    ["https://localhost", "localhost:5682"],
    ["http://localhost:5681", "localhost"],
    ["null", "localhost:5681"],
    ["not-a-url", "localhost:5681"],
    ["http://localhost:bad", "localhost:5681"],
    ["http://localhost:5681/path", "localhost:5681"],
    ["http://localhost:5681?x=1", "localhost:5681"],
    ["http://user@localhost:5681", "localhost:5681"],
    ["file://localhost:5681", "localhost:5681"]
  ])("from the page %s to %s", (origin, host) => expect(judge("127.0.0.1", { host, origin })).toBe(false))

  it.each(["forwarded", "x-forwarded-for", "x-real-ip"])("that says %s, even emptily", (name) => {
    expect(judge("127.0.0.1", { ...HERE, [name]: "" })).toBe(false)
    expect(judge("127.0.0.1", { ...HERE, [name]: "127.0.0.1" })).toBe(false)
  })

  it.each(["cross-site", "same-site"])("that a browser calls %s", (site) => {
    expect(judge("127.0.0.1", { ...HERE, "sec-fetch-site": site })).toBe(false)
  })
})
