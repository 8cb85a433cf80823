/** Which formats a policy may hold, and what becomes of a header's value. */
import { describe, expect, it } from "vitest"
import { headerValue } from "../../../src/cp/xds/route/routeFilters.ts"
import { validateMeshHTTPRoute } from "../../../src/model/validate/validateMeshHTTPRoute.ts"
import { validateLogText } from "../../../src/model/validate/validateLogFormat.ts"

const problemsOf = (text: string): ReadonlyArray<string> => validateLogText(text, "f").map(({ message }) => message)

describe("a format that Envoy can't read", () => {
  it.each([
    "%REQ(A?B?C)%", "%REQ(a b)%", "%REQ(a:b)%", "%REQ(é)%", "%REQ(a\nb)%", "%REQ(a\tb)%", "%PATH(FOO)%", "%PATH(NQ:FOO)%",
    "%CEL(foo bar)%", "%CEL(((%x)%", "%CEL(request.path)%", "%COALESCE(x)%", "%FILTER_STATE(a:FOO)%",
    "%FILTER_STATE(a:FIELD)%", "%FILTER_STATE(a:PLAIN:b)%", "%METADATA(a)%", "%METADATA(FOO:a)%", "%QUERY_PARAMS(X)%",
    "%GRPC_STATUS(X)%", "%GRPC_STATUS:5%", "%REQUESTED_SERVER_NAME(X)%", "%REQUESTED_SERVER_NAME(SNI_FIRST:X)%",
    "%COMMON_DURATION(a)%", "%COMMON_DURATION(a:b:c)%", "%COMMON_DURATION(a:b:ms:c)%", "%XFCC_VALUE(x)%",
    "%REQ(a):99999999999999999999%", "%START_TIME(%s):5%", "%START_TIME:5%", "%CLUSTER_METADATA(a):5%", "%PROTOCOL:5%",
    "%NONSENSE%", "%PROTOCOL", "5%"
  ])("is refused: %j", (text) => {
    expect(problemsOf(text)).toHaveLength(1)
    expect(headerValue(text)).toBe(text.replaceAll("%", "%%"))
  })
})

it.each([
  "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH):10%", "%PATH(NQ:ORIG)%", "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%", "100%% of %PROTOCOL%",
  "%FILTER_STATE(a:FIELD:b)%", "%METADATA(ROUTE:a:b)%", "%DYNAMIC_METADATA(a:b):5%", "%XFCC_VALUE(URI)%",
  "%COMMON_DURATION(DS_RX_BEG:DS_TX_END:ms)%", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT(16)%"
])("a format that Envoy reads is taken, and is Envoy's word in a header: %j", (text) => {
  expect(problemsOf(text)).toEqual([])
  expect(headerValue(text)).toBe(text)
})

it.each([
  ["%E2%82%AC", "%%E2%%82%%AC"],
  ["a%20%2Fb", "a%%20%%2Fb"],
  ["%7B%22a%22%7D", "%%7B%%22a%%22%%7D"],
  ["%KUMA_MESH%", "%%KUMA_MESH%%"],
  ["%20%PROTOCOL%", "%%20%PROTOCOL%"],
  ["%%PROTOCOL%", "%%PROTOCOL%%"],
  ["%QUERY_PARAM(%PROTOCOL%)%", "%%QUERY_PARAM(%PROTOCOL%)%%"]
])("of a header's value %j each percent sign that begins no word of Envoy's is one", (value, expected) => {
  expect(headerValue(value)).toBe(expected)
})

it("a value of a hundred thousand opened brackets is read in no time to speak of", () => {
  expect(headerValue("%A(".repeat(100_000))).toBe("%%A(".repeat(100_000))
})

it("of a format twenty problems are told, and none is looked for behind a percent sign that begins nothing", () => {
  const unknown = Array.from({ length: 1_000 }, (_, index) => `%A${index}()%`)
  expect(problemsOf(unknown.join(" "))).toHaveLength(20)
  expect(problemsOf(`%A% % ${unknown.join(" ")}`)).toHaveLength(2)
})

describe("a proxy's environment", () => {
  it.each([
    "%ENVIRONMENT(KUMA_DATAPLANE_RUNTIME_TOKEN)%", "%ENVIRONMENT(A):5%", "%QUERY_PARAM(%ENVIRONMENT(A)%", "%START_TIME(%ENVIRONMENT(A)%",
    "%COALESCE({\"operators\": [{\"command\": \"ENVIRONMENT\", \"param\": \"A\"}]})%"
  ])("has no word in a policy's formats and header values: %s", (text) => {
    expect(problemsOf(`%PROTOCOL% ${text}`)).toHaveLength(1)
    expect(headerValue(`%PROTOCOL% ${text}`)).toBe(`%PROTOCOL% ${text.replaceAll("%", "%%")}`)
  })
})

it.each([["a\nb", 1], ["a\n", 1], ["a\rb", 1], ["a\0b", 1], ["x".repeat(16_385), 1], ["%".repeat(8_193), 1], ["x".repeat(16_384), 0],
  ["a\tb", 0], ["é", 0]])("a header's value that Envoy wouldn't take is refused: %j", (value, count) => {
  const filters = [{ type: "RequestHeaderModifier" as const, requestHeaderModifier: { set: [{ name: "x-a", value }] } }]
  const rules = [{ matches: [{ path: { type: "PathPrefix" as const, value: "/" } }], default: { filters } }]
  const to = [{ targetRef: { kind: "MeshService" as const, name: "kv" }, rules }]
  expect(validateMeshHTTPRoute({ to })).toHaveLength(count)
})
