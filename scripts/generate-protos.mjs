/**
 * Makes src/cp/proto from the Envoy protos that @grpc/grpc-js-xds carries, and those in `protos`; needs no network.
 *
 *   node scripts/generate-protos.mjs           writes src/cp/proto
 *   node scripts/generate-protos.mjs --check   exits 1 where src/cp/proto isn't what it would write
 *
 * What is generated stands in buf.gen.yaml beside this file.
 */
import { execFileSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"

const here = fileURLToPath(new URL(".", import.meta.url))
const root = resolve(here, "..")
const target = join(root, "src/cp/proto")
const protos = join(root, "node_modules/@grpc/grpc-js-xds/deps")
const binaries = join(root, "node_modules/.bin")

const trees = ["envoy-api/envoy", "xds/udpa", "xds/xds", "googleapis/google", "protoc-gen-validate/validate"]

/**
 * The carried validate.proto is older than the Envoy tree, which sets `ignore_empty` on strings.
 * https://github.com/bufbuild/protoc-gen-validate/blob/v1.0.0/validate/validate.proto has it as field 26.
 */
const mendValidate = (file) => {
  const text = readFileSync(file, "utf8")
  const head = "message StringRules {"
  if (!text.includes(head)) throw new Error(`${file} has no StringRules: look whether it still needs mending`)
  const start = text.indexOf(head)
  const end = text.indexOf("\nmessage ", start)
  if (text.slice(start, end).includes("ignore_empty")) return
  writeFileSync(file, text.replace(head, `${head}\n  optional bool ignore_empty = 26;`))
}

/**
 * The carried one is older than Envoy 1.40, which warns of `common_config`: of what replaced it, the fields that are
 * written here. https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/extensions/access_loggers/open_telemetry/v3/logs_service.proto
 */
const mendOpenTelemetry = (file) => {
  const text = readFileSync(file, "utf8")
  if (text.includes("grpc_service")) throw new Error(`${file} has grpc_service: it needs no mending any more`)
  const newer = "\n  config.core.v3.GrpcService grpc_service = 9;\n\n  string log_name = 10;\n}"
  const common = "grpc.v3.CommonGrpcAccessLogConfig common_config = 1 [(validate.rules).message = {required: true}];"
  const service = 'import "envoy/extensions/access_loggers/grpc/v3/als.proto";'
  for (const part of [common, service]) if (!text.includes(part)) throw new Error(`${file} is another: look at it`)
  writeFileSync(
    file,
    text.replace(common, "").replace(service, 'import "envoy/config/core/v3/grpc_service.proto";').replace(/\n}\s*$/, newer)
  )
}

const generate = (work) => {
  for (const tree of trees) cpSync(join(protos, tree), join(work, tree), { recursive: true })
  cpSync(join(here, "protos"), work, { recursive: true })
  mendOpenTelemetry(join(work, "envoy-api/envoy/extensions/access_loggers/open_telemetry/v3/logs_service.proto"))
  mendValidate(join(work, "protoc-gen-validate/validate/validate.proto"))
  for (const file of ["buf.yaml", "buf.gen.yaml"]) cpSync(join(here, file), join(work, file))
  execFileSync(join(binaries, "buf"), ["generate"], {
    cwd: work,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, PATH: `${binaries}${delimiter}${process.env.PATH ?? ""}` }
  })
  const generated = join(work, "generated")
  for (const [path, text] of contents(generated)) writeFileSync(join(generated, path), withoutNotes(text))
  return generated
}

/** What Envoy's authors note for themselves, and leave out of their own documentation, is of no use to a reader here. */
const withoutNotes = (text) =>
  text.replaceAll(/\n *\* \[#comment:[^\]]*\]$/gm, "")
    .replaceAll(/ \[#comment:[^\]]*\]/g, "")
    .replaceAll(/\n *\* TODO\([^\n]*/g, "")

/** Every file under a folder, by its path in it. */
const contents = (folder) =>
  new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
      .map((path) => [relative(folder, path), readFileSync(path, "utf8")])
  )

const check = (generated) => {
  const expected = contents(generated)
  const actual = contents(target)
  const names = new Set([...expected.keys(), ...actual.keys()])
  const wrong = [...names].filter((name) => expected.get(name) !== actual.get(name)).sort()
  for (const name of wrong) console.error(`src/cp/proto/${name} differs from what would be generated`)
  if (wrong.length > 0) {
    console.error("Run `node scripts/generate-protos.mjs` and commit what it writes.")
    process.exitCode = 1
  }
}

const write = (generated) => {
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  cpSync(generated, target, { recursive: true })
  const files = [...contents(target).values()]
  const bytes = files.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  console.log(`src/cp/proto: ${files.length} files, ${(bytes / 1e6).toFixed(1)} MB`)
}

const work = mkdtempSync(join(tmpdir(), "ecs-mesh-protos-"))
try {
  const generated = generate(work)
  if (process.argv.includes("--check")) check(generated)
  else write(generated)
} finally {
  rmSync(work, { recursive: true, force: true })
}
