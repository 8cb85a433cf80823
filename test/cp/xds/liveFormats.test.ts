/** Whether a real Envoy reads every format that a policy may hold, and every header's value whatever it is. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "vitest"
import { toolPaths } from "../../../localstack/tools.ts"
import { headerValue } from "../../../src/cp/xds/route/routeFilters.ts"
import { LOG_COMMANDS } from "../../../src/model/logCommands.ts"
import { withKumaWords } from "../../../src/model/logFormat.ts"
import { validateLogText } from "../../../src/model/validate/validateLogFormat.ts"

const EXTENSIONS = "type.googleapis.com/envoy.extensions"

const logger = (format: object) => ({
  name: "file",
  typed_config: {
    "@type": `${EXTENSIONS}.access_loggers.file.v3.FileAccessLog`, path: "/dev/null", log_format: format
  }
})

const manager = (formats: ReadonlyArray<string>, values: ReadonlyArray<string>) => ({
  "@type": `${EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
  stat_prefix: "tried",
  access_log: formats.flatMap((text) => [
    logger({ text_format_source: { inline_string: `${text}\n` } }), logger({ json_format: { text } })
  ]),
  http_filters: [{
    name: "envoy.filters.http.router", typed_config: { "@type": `${EXTENSIONS}.filters.http.router.v3.Router` }
  }],
  route_config: {
    virtual_hosts: [{
      name: "all",
      domains: ["*"],
      routes: values.map((value) => ({
        match: { prefix: "/" }, direct_response: { status: 200 },
        request_headers_to_add: [{ header: { key: "x-tried", value } }],
        response_headers_to_add: [{ header: { key: "x-tried", value } }]
      }))
    }]
  }
})

/** What it says where it doesn't take them; empty where it does. */
const complaintOf = (formats: ReadonlyArray<string>, values: ReadonlyArray<string>): string => {
  const folder = mkdtempSync(join(tmpdir(), "ecs-mesh-formats-"))
  try {
    const config = join(folder, "config.json")
    const filters = [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager(formats, values) }]
    const address = { socket_address: { address: "127.0.0.1", port_value: 0 } }
    writeFileSync(config, JSON.stringify({
      static_resources: { listeners: [{ name: "tried", address, filter_chains: [{ filters }] }] }
    }))
    const { status, stderr, stdout } = spawnSync(toolPaths().envoy, ["--mode", "validate", "-c", config, "-l", "error"],
      { encoding: "utf8" })
    return status === 0 ? "" : `${stdout}${stderr}`.slice(-2_000)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A generator of numbers below `below`, the same each time (mulberry32). */
const numbers = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}

const PARAMETERS = [
  "a", "A?B", ":path", ":PATH?x-b", "a:b", "a:b:c", "a b", "a.b-c_d", "", "?", "!#$&'*+.^_`|~", "é", "[\"a\",\"b\"]", "{}",
  "WQ", "NQ", "NQ:ORIG", ":PATH", "WQ:ORIG_OR_PATH", "ORIG", "DECODED", "NUMBER", "CAMEL_STRING", "SNAKE_STRING",
  "SNI_ONLY", "SNI_FIRST", "HOST_FIRST:HOST", "SNI_FIRST:ORIG_OR_HOST", ":ORIG", "a:b:ms", "DS_RX_BEG:DS_TX_END:us", "a:b:ns",
  "a:b:s", "by", "hash", "cert", "chain", "subject", "URI", "dns", "ROUTE", "ROUTE:", "ROUTE:a:b", "DYNAMIC:a", "CLUSTER:a",
  "UPSTREAM_HOST:a", "LISTENER:a", "VIRTUAL_HOST:a", "LISTENER_FILTER_CHAIN:a", "FOO:a", "a:PLAIN", "a:TYPED", "a:FIELD:b",
  "a:FIELD", "a:FIELD:b:c", ":PLAIN", "0", "16", "128", "129", "-1", "%Y-%m-%dT%H:%M:%S.%3fZ", "%s", "%f", "%10f", "%E3S", "%",
  "%%", "%PROTOCOL%", "%ENVIRONMENT(A", "ALLOW_WHITESPACES", "request.path", "a)b", "(", "a\tb", "a\nb", "x".repeat(512),
  "x".repeat(600)
]
const LENGTHS = ["", "", "", "", "", ":0", ":5", ":999999999", ":99999999999999999999", ":", ":a"]
const NAMES = [...LOG_COMMANDS.keys()]
const ODD = ["NONSENSE", "E2", "20", "KUMA_MESH", "PER_REQUEST_STATE", "FILE_CONTENT", "SECRET", "req"]
const BETWEEN = ["", "", " ", "%%", "%", "%2F", "5%", ")", "(", ":", "\"", "\\", "{", "é", "%%%%", "%%REQ(a)%%"]

/** Each command operator with each of the parameters, bare and cut. */
const forms: ReadonlyArray<string> = NAMES.flatMap((name) => [
  `%${name}%`, `%${name}:5%`,
  ...PARAMETERS.flatMap((parameters) => [`%${name}(${parameters})%`, `%${name}(${parameters}):5%`])
])

const mixed = (seed: number, count: number): ReadonlyArray<string> => {
  const below = numbers(seed)
  const one = (texts: ReadonlyArray<string>): string => texts[below(texts.length)] ?? ""
  const command = (): string => {
    const name = below(12) === 0 ? one(ODD) : one(NAMES)
    const takes = LOG_COMMANDS.get(name)?.takes
    const isBare = below(10) === 0 || takes === "nothing" || (takes === "either" && below(2) === 0)
    return `%${name}${isBare ? "" : `(${one(PARAMETERS)})`}${takes === "nothing" ? "" : one(LENGTHS)}%`
  }
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + below(3) }, () => `${below(3) === 0 ? one(BETWEEN) : ""}${command()}`).join("") +
      (below(3) === 0 ? one(BETWEEN) : ""))
}

const words = {
  SOURCE_ADDRESS: "10.0.0.1:0", SOURCE_ADDRESS_WITHOUT_PORT: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
  SOURCE_SERVICE: "web", DESTINATION_SERVICE: "kv", MESH: "default", TRAFFIC_DIRECTION: "OUTBOUND", ZONE: "", WORKLOAD: ""
}

const taken = (texts: ReadonlyArray<string>): ReadonlyArray<string> =>
  texts.filter((text) => validateLogText(text, "f").length === 0)

/** As it stands in a policy: a line feed in a header is refused for itself. */
const isValue = (text: string): boolean => !/[\0-\x1f]/.test(text)

it("every form of a command operator that is taken, in access logs and in headers", () => {
  const some = taken(forms)
  const named = new Set(some.map((text) => /^%([A-Z0-9_]+)/.exec(text)?.[1]))
  expect(NAMES.filter((name) => !named.has(name)).sort()).toEqual(["CEL", "COALESCE", "ENVIRONMENT"])
  expect(some.length).toBeGreaterThan(400)
  expect(complaintOf(some, some.map(headerValue))).toBe("")
}, 60_000)

it("formats that are taken, whatever they are made of", () => {
  const some = taken(mixed(7, 4_000))
  expect(some.length).toBeGreaterThan(500)
  expect(complaintOf(some.map((text) => withKumaWords(text, words)), [])).toBe("")
}, 60_000)

it("headers' values, whatever they are made of", () => {
  const some = [...forms, ...mixed(11, 2_000)].filter(isValue)
  expect(complaintOf([], some.map(headerValue))).toBe("")
}, 120_000)

it("isn't said of what Envoy doesn't read", () => {
  expect(complaintOf(["%PROTOCOL%", "%PATH(FOO)%"], [])).toContain("Invalid PATH option")
  expect(complaintOf([], ["a", "%E2%82%AC"])).toContain("E2")
})
