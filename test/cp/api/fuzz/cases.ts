/** Requests that nobody should send, by kind. Pure: the same random numbers give the same cases. */
import { createHmac } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parse, stringify } from "yaml"
import { descriptors, type ResourceDescriptor } from "../../../../src/model/ResourceDescriptor.ts"
import type { Random } from "./Random.ts"

export interface FuzzCase {
  readonly kind: string
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | null
  /**
   * `refused`: it can't be but refused. `warned`: taken, with a warning that holds `names`. `judged`: chance may have
   * left it right, and what is right may be taken.
   */
  readonly expect: "refused" | "warned" | "judged"
  readonly names?: string
  /** The only statuses of a refusal that will do. */
  readonly statuses?: ReadonlyArray<number>
}

type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }
type Fields = { readonly [key: string]: Json }

const JSON_TYPE = { "content-type": "application/json" }

const folder = join(import.meta.dirname, "..", "..", "..", "golden", "model", "resources")

interface Good {
  readonly fields: Fields
  readonly descriptor: ResourceDescriptor
  readonly path: string
}

const pathOf = (descriptor: ResourceDescriptor, mesh: string, name: string): string =>
  `${descriptor.scope === "Mesh" ? `/meshes/${mesh}` : ""}/${descriptor.paths[0]}/${name}`

const known = (type: Json): type is keyof typeof descriptors => typeof type === "string" && Object.hasOwn(descriptors, type)

/** Resources as they should be, all of the mesh default. */
const goods: ReadonlyArray<Good> = readdirSync(folder).sort().flatMap((file) => {
  const read: Fields = parse(readFileSync(join(folder, file), "utf8"))
  const type = read["type"] ?? null
  // What the others are judged by stays as it is.
  const fields = type === "Mesh" ? { ...read, name: `fuzzed-${file.split(".")[0]}` } : read
  if (!known(type)) return []
  const descriptor: ResourceDescriptor = descriptors[type]
  return descriptor.readOnly ? [] : [{ fields, descriptor, path: pathOf(descriptor, "default", String(fields["name"])) }]
})

const resource = (
  kind: string,
  { path }: Pick<Good, "path">,
  body: string | Buffer,
  rest: Partial<FuzzCase> = {}
): FuzzCase => ({
  kind,
  method: "PUT",
  path,
  headers: JSON_TYPE,
  body: typeof body === "string" ? Buffer.from(body) : body,
  expect: "judged",
  ...rest
})

const ODD_TEXT = [
  "", " ", "\u0000", "\ud800", "ﬀ", "i̇", "\u202e", "🦀", "a".repeat(300), "../..", "-1", "1e400", "__proto__", "constructor",
  "${x}", "%00", "'; DROP TABLE resource; --", "{{ .X }}", "*", "0.0.0.0", "::", "999999999999999999999", "true", "\r\n", "[", "\\"
]

const oddValue = (random: Random, depth = 0): Json => {
  switch (random.below(depth > 3 ? 5 : 7)) {
    case 0: return null
    case 1: return random.chance(0.5)
    case 2: return random.pick([0, -1, 1.5, 65_536, 2 ** 53, -(2 ** 63), 1e308, 1e-320, 4_294_967_296])
    case 3: return random.pick(ODD_TEXT)
    case 4: return random.word()
    case 5: return Array.from({ length: random.below(4) }, () => oddValue(random, depth + 1))
    default: return Object.fromEntries(
      Array.from({ length: random.below(4) }, () => [random.pick([random.word(), ...ODD_TEXT]), oddValue(random, depth + 1)])
    )
  }
}

const isFields = (value: Json): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value)

/** Somewhere in it, something else. */
const changed = (value: Json, random: Random, change: (value: Json) => Json): Json => {
  const list = Array.isArray(value) ? value : null
  const keys = list !== null ? list.map((_, at) => String(at)) : isFields(value) ? Object.keys(value) : []
  if (keys.length === 0 || random.chance(0.2)) return change(value)
  const key = random.pick(keys)
  if (list !== null) return list.map((item: Json, at) => String(at) === key ? changed(item, random, change) : item)
  return isFields(value) ? { ...value, [key]: changed(value[key] ?? null, random, change) } : value
}

const brokenText = (text: string, random: Random, signs: string): string => {
  let broken = text
  for (let times = 1 + random.below(3); times > 0; times -= 1) {
    const at = random.below(broken.length + 1)
    const end = at + random.below(4)
    broken = random.pick([
      () => broken.slice(0, at) + broken.slice(end),
      () => broken.slice(0, at) + random.text(1 + random.below(3), signs) + broken.slice(at),
      () => broken.slice(0, at),
      () => broken.slice(0, at) + random.pick(ODD_TEXT) + broken.slice(end)
    ])()
  }
  return broken
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const malformedJson = (random: Random): FuzzCase => {
  const good = random.pick(goods)
  const text = brokenText(JSON.stringify(good.fields), random, '{}[],:"\\\u0001 0truenull-+.eE/*#')
  return resource("malformed JSON", good, text, isJson(text) ? {} : { expect: "refused", statuses: [400] })
}

const YAML_BOMB = `a: &a [x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b]
d: &d [*c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d]\nf: &f [*e, *e, *e, *e, *e, *e, *e, *e]
g: [*f, *f, *f, *f, *f, *f, *f, *f]\n`

const malformedYaml = (random: Random): FuzzCase => {
  const good = random.pick(goods)
  const headers = { "content-type": random.pick(["application/yaml", "text/yaml", "application/x-yaml; charset=utf-8"]) }
  const text = stringify(good.fields)
  const sure = random.pick([
    null, null, null, null,
    YAML_BOMB, `${text}---\n${text}`, `- ${text.replace(/\n/g, "\n  ")}`, "", "---\n...\n", "\t- x\n", `${text}${text}`, "{",
    text.replace("type:", "type: !!js/function"), `&a [*a]\n`, "? : :\n", "a: *nobody\n"
  ])
  return sure === null
    ? resource("malformed YAML", good, brokenText(text, random, ":-#&*!|>'\"%@`{}[],? \n\t"), { headers })
    : resource("malformed YAML", good, sure, { headers, expect: "refused", statuses: [400] })
}

const unknownType = (random: Random): FuzzCase => {
  const good = random.pick(goods)
  const type = random.pick(["Nonsense", "dataplane", "MeshGateway", "", "MeshTimeout ", "\u0000", "Mesh\nTimeout", 7, null, {}])
  const path = random.pick([good.path, `/meshes/default/${random.word()}s/x`, "/meshes/default/meshgateways/x", "/opas/x"])
  return resource("unknown type", { path }, JSON.stringify({ ...good.fields, type }), { expect: "refused" })
}

/** Where a type's own fields are. */
const withField = ({ descriptor, fields }: Good, name: string, value: Json): Fields => {
  const { spec } = fields
  return descriptor.specStyle === "spec" && spec !== undefined && isFields(spec)
    ? { ...fields, spec: { ...spec, [name]: value } }
    : { ...fields, [name]: value }
}

const unknownField = (random: Random): FuzzCase => {
  const good = random.pick(goods)
  const name = `${random.word()}Unknown`
  return resource("unknown field", good, JSON.stringify(withField(good, name, random.pick<Json>([1, "x", [], {}, true]))), {
    expect: "warned", names: name
  })
}

const duplicateKey = (random: Random): FuzzCase => {
  const good = random.pick(goods)
  const text = JSON.stringify(good.fields)
  const name = random.pick(Object.keys(good.fields))
  const first = JSON.stringify(random.pick<Json>(["", 1, null, {}, "other"]))
  return resource("duplicate key", good, `{${JSON.stringify(name)}:${first},${text.slice(1)}`, { expect: "warned", names: name })
}

const wrongValue = (random: Random): FuzzCase => {
  const good = random.pick(goods)
  let value: Json = good.fields
  for (let times = 1 + random.below(2); times > 0; times -= 1) {
    value = changed(value, random, () => oddValue(random))
  }
  return resource("wrong value", good, JSON.stringify(value))
}

const wrongName = (random: Random): FuzzCase => {
  const good = random.pick(goods)
  const { descriptor, fields } = good
  const lengths = [0, 1, 62, 63, 64, 252, 253, 254, 255, 1_000, 8_000]
  const valid = "abcdefghijklmnopqrstuvwxyz0123456789"
  const signs = random.pick([valid, `${valid}.-`, `${valid}ABC_`, "ä🦀/ %?#", "\u0001\t", ".", "-"])
  const name = random.text(random.pick(lengths), signs)
  // Half a character has no place in a path.
  if (!name.isWellFormed()) return wrongName(random)
  const length = name.length
  const right = signs === valid && length > 0 && length <= 63
  const path = pathOf(descriptor, "default", encodeURIComponent(name)).replace(/\/$/, "/%20")
  return resource("name", { path }, JSON.stringify({ ...fields, name }), right || length <= 253 ? {} : { expect: "refused" })
}

const wrongPath = (random: Random): FuzzCase => ({
  kind: "path",
  method: random.pick(["GET", "PUT", "DELETE", "POST"]),
  path: random.pick([
    () => `/${random.word()}`, () => "/meshes//dataplanes", () => "/meshes/%zz", () => "/meshes/%00", () => "/meshes/%ff%fe",
    () => "/meshes/..%2f..%2fetc", () => `/meshes/default/${random.word()}`, () => `/${"a/".repeat(1 + random.below(300))}`,
    () => `/meshes/default/dataplanes/x/${random.word()}`, () => `/__proto__`, () => "/constructor", () => "/hasOwnProperty/x",
    () => `/_kri/${random.word()}`, () => `/_kri/kri_dp_${random.text(5, "_ab.")}`, () => `/meshes/${"m".repeat(3_000)}`,
    () => "/tokens", () => `/tokens/${random.word()}`, () => "/meshes/nowhere/dataplanes", () => "/meshes/default/meshes/x"
  ])(),
  headers: JSON_TYPE,
  body: null,
  expect: "refused"
})

const wrongMethod = (random: Random): FuzzCase => ({
  kind: "method",
  method: random.pick(["PATCH", "OPTIONS", "TRACE", "POST", "PROPFIND", "MKCOL", "LOCK", "SEARCH"]),
  path: random.pick(goods).path,
  headers: JSON_TYPE,
  body: random.chance(0.5) ? Buffer.from("{}") : null,
  expect: "refused",
  statuses: [405]
})

const wrongContentType = (random: Random): FuzzCase => {
  const good = random.pick(goods)
  const type = random.pick([
    "", "text/plain", "text/html", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx", "json",
    "application/json5", "application/xml", `application/${random.word()}`, "*/*", ";", "application/JSON-patch+json", "ä".normalize("NFD").slice(0, 1)
  ])
  return resource("content type", good, JSON.stringify(good.fields), {
    headers: type === "" ? {} : { "content-type": type }, expect: "refused", statuses: [415]
  })
}

const wrongAccept = (random: Random): FuzzCase => ({
  kind: "accept",
  method: "GET",
  path: random.pick(goods).path,
  headers: { accept: random.pick(["text/html", "application/xml", "image/*", `${random.word()}/${random.word()}`, "json", ";;;"]) },
  body: null,
  expect: "refused",
  statuses: [406, 404]
})

const notUtf8 = (random: Random): FuzzCase => {
  const good = random.pick(goods)
  const text = Buffer.from(JSON.stringify(good.fields))
  const at = 1 + random.below(text.length - 1)
  const bytes = random.pick([[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80], [0xc0, 0xaf], [0x80]])
  return resource("not UTF-8", good, Buffer.concat([text.subarray(0, at), Buffer.from(bytes), text.subarray(at)]), {
    expect: "refused", statuses: [400]
  })
}

const deep = (random: Random): FuzzCase => {
  const good = random.pick(goods)
  const depth = random.pick([65, 100, 1_000, 20_000])
  const [open, close] = random.pick([["[", "]"], ['{"a":', "}"], ['[{"a":', "}]"]] as const)
  const nested = `${open.repeat(depth)}1${close.repeat(depth)}`
  const body = random.chance(0.2)
    ? nested
    : JSON.stringify({ ...good.fields, [random.pick(Object.keys(good.fields))]: "NESTED" }).replace('"NESTED"', nested)
  return resource("nesting", good, body, { expect: "refused", statuses: [400] })
}

const huge = (random: Random): FuzzCase => {
  const good = random.pick(goods)
  const bytes = 1024 * 1024 + 1 + random.below(1_000)
  const text = JSON.stringify(good.fields)
  return resource("huge body", good, random.pick([
    () => text + " ".repeat(bytes),
    () => "[".repeat(bytes),
    () => `"${"x".repeat(bytes)}"`
  ])(), { expect: "refused", statuses: [413] })
}

/** As large as it may be, and nothing but trouble. */
const large = (random: Random): FuzzCase => {
  const good = random.pick(goods)
  const many = 20_000
  const fields = Array.from({ length: many }, (_, at) => `"${random.chance(0.5) ? "same" : `k${at}`}":${at}`).join(",")
  return resource("large body", good, random.pick([
    () => `{${fields}}`,
    () => `[${Array.from({ length: many }, () => "{}").join(",")}]`,
    () => JSON.stringify("x".repeat(500_000)),
    () => `${JSON.stringify(good.fields).slice(0, -1)},"labels":{${fields}}}`
  ])(), { expect: "refused" })
}

const wrongQuery = (random: Random): FuzzCase => ({
  kind: "query",
  method: "GET",
  path: `${random.pick(["/meshes", "/meshes/default/dataplanes", "/dataplanes/_overview", "/meshtimeouts"])}?${random.pick([
    "size=0", "size=-1", "size=1001", "size=x", "size=1e3", "size=1&size=2", "offset=-1", "offset=x", "offset=99999999999999999999",
    `size=${random.word()}`, "offset=1.5", "size=%00", "filter[labels.a=b"
  ])}`,
  headers: {},
  body: null,
  expect: "judged"
})

const wrongTokenRequest = (random: Random): FuzzCase => {
  const kind = random.pick(["dataplane", "zone", "user"])
  const right: Fields = {
    dataplane: { name: "x", mesh: "default", tags: {}, type: "dataplane", validFor: "1h" },
    zone: { zone: "zone-1", scope: ["ingress"], validFor: "1h" },
    user: { name: "x", groups: [], validFor: "1h" }
  }[kind] ?? {}
  const body = random.chance(0.3)
    ? brokenText(JSON.stringify(right), random, '{}[],:"\\0-')
    : JSON.stringify(changed(right, random, () => oddValue(random)))
  return { kind: "token request", method: "POST", path: `/tokens/${kind}`, headers: JSON_TYPE, body: Buffer.from(body), expect: "judged" }
}

const segment = (value: unknown): string => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url")
const HOUR = 3_600

const wrongToken = (random: Random): FuzzCase => {
  const now = 1_800_000_000
  const claims = { Name: "mallory", Groups: ["mesh-system:admin"], jti: random.word(), iat: now, nbf: now - 5, exp: now + HOUR * 100_000 }
  const header = { alg: "RS256", typ: "JWT", kid: "1" }
  const signed = (head: object, payload: object): string => {
    const text = `${segment(head)}.${segment(payload)}`
    return `${text}.${createHmac("sha256", "secret").update(text).digest("base64url")}`
  }
  const token = random.pick([
    () => random.word(),
    () => "",
    () => `${segment({ ...header, alg: "none" })}.${segment(claims)}.`,
    () => signed({ ...header, alg: "HS256" }, claims),
    () => signed({ ...header, alg: random.pick(["ES256", "RS512", "PS256", "rs256", "RSA", ""]) }, claims),
    () => signed({ ...header, kid: random.pick(["", "0", "-1", "99", "../../x", "1 ", "1\u0000", "a".repeat(999)]) }, claims),
    () => signed({ alg: "RS256" }, claims),
    () => signed({ ...header, crit: ["x"], jku: "http://127.0.0.1:1/", x5u: "file:///etc/passwd" }, claims),
    () => signed(header, claims),
    () => signed(header, { ...claims, [random.pick(["exp", "nbf", "iat", "Name", "Groups", "jti"])]: oddValue(random) }),
    () => `${segment(header)}.${segment(claims)}`,
    () => `${segment(header)}.${segment(claims)}.a.b`,
    () => `${segment("{")}.${segment("}")}.x`,
    () => `${segment("[".repeat(5_000))}.${segment(claims)}.x`,
    () => random.text(12_000, "abcXYZ019-_."),
    () => brokenText(signed(header, claims), random, "._-=+/ ")
  ])()
  // What no header may hold, no client can send.
  const text = token.replace(/[^\x20-\x7e]/g, "?").trim()
  return {
    kind: "token",
    method: random.pick(["GET", "PUT", "DELETE"]),
    path: random.pick(goods).path,
    headers: {
      ...JSON_TYPE,
      authorization: random.pick([`Bearer ${text}`, `Bearer ${text}`, `Bearer  ${text}`, `bearer ${text}`, `Basic ${text}`, text || "x"]),
      "x-forwarded-for": `10.${random.below(256)}.${random.below(256)}.${random.below(256)}`
    },
    body: null,
    expect: "refused",
    statuses: [401]
  }
}

/** Kinds, by how many of a thousand there are. */
const KINDS: ReadonlyArray<readonly [share: number, make: (random: Random) => FuzzCase]> = [
  [210, malformedJson], [140, malformedYaml], [60, unknownType], [20, unknownField], [10, duplicateKey], [170, wrongValue],
  [60, wrongName], [60, wrongPath], [40, wrongMethod], [50, wrongContentType], [20, wrongAccept], [60, notUtf8], [15, deep],
  [1, huge], [2, large], [22, wrongQuery], [30, wrongTokenRequest], [30, wrongToken]
]

const all = KINDS.reduce((sum, [share]) => sum + share, 0)

export const fuzzCase = (random: Random): FuzzCase => {
  let left = random.below(all)
  for (const [share, make] of KINDS) {
    if (left < share) return make(random)
    left -= share
  }
  throw new Error("shares don't add up")
}
