// schemathesis asks what /openapi.yaml says can be asked, rightly and wrongly: no answer is otherwise than is said there.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { beforeAll, expect, it } from "vitest"
import { type RunningProcess, startProcess } from "../../../localstack/process/startProcess.ts"
import { waitForHttp } from "../../../localstack/process/waitFor.ts"
import { schemathesisProgram } from "../../../localstack/tools.ts"
import { freePort } from "../../support/freePort.ts"
import { createDatabase } from "../../support/testDatabase.ts"
import { useCleanups } from "../../support/useCleanups.ts"

const SEED = process.env["ECS_MESH_FUZZ_SEED"] ?? "20260101"
/** Of each operation and way of asking. */
const EXAMPLES = process.env["ECS_MESH_SCHEMATHESIS_EXAMPLES"] ?? "2"
/** For what is made up by chance; what each operation is asked first takes as long as it takes. */
const SECONDS = process.env["ECS_MESH_SCHEMATHESIS_SECONDS"] ?? "20"

const root = join(import.meta.dirname, "..", "..", "..")

/** The program itself, without AWS: the API's inspections want all of it. */
const startProgram = async (folder: string, environment: Readonly<Record<string, string>>) => {
  const [api, diagnostics] = [await freePort(), await freePort()]
  const program: RunningProcess = await startProcess({
    command: join(root, "bin", "ecs-mesh"),
    args: ["serve", "--without-aws"],
    env: {
      PATH: process.env["PATH"],
      HOME: folder,
      KUMA_GENERAL_WORK_DIR: join(folder, "control-plane"),
      ECS_MESH_DP_SERVER_ADDRESS: "127.0.0.1",
      KUMA_DP_SERVER_PORT: "0",
      KUMA_API_SERVER_HTTP_INTERFACE: "127.0.0.1",
      KUMA_API_SERVER_HTTP_PORT: String(api),
      KUMA_API_SERVER_HTTPS_ENABLED: "false",
      KUMA_MONITORING_ASSIGNMENT_SERVER_ENABLED: "false",
      ECS_MESH_DIAGNOSTICS_ADDRESS: "127.0.0.1",
      KUMA_DIAGNOSTICS_SERVER_PORT: String(diagnostics),
      ...environment
    }
  })
  await waitForHttp(`http://127.0.0.1:${diagnostics}/ready`, program, 60_000)
  return { api, program }
}

const cleanups = useCleanups()
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ecs-mesh-schemathesis-"))
})

const CHECKS = [
  "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
  "unsupported_method"
]

it("finds nothing that the API does and its description doesn't say", async () => {
  cleanups.push(() => rm(folder, { recursive: true, force: true }))
  const database = await createDatabase()
  cleanups.push(database.drop)
  const { api, program } = await startProgram(folder, database.environment)
  cleanups.push(() => program.stop())
  const run = await startProcess({
    command: schemathesisProgram(),
    args: [
      "run", `http://127.0.0.1:${api}/openapi.yaml`,
      "--phases", "examples,coverage,fuzzing",
      "--checks", CHECKS.join(","),
      "--max-examples", EXAMPLES,
      "--seed", SEED,
      "--generation-deterministic",
      "--max-time", SECONDS,
      "--max-failures", "10",
      "--no-shrink",
      "--warnings", "off",
      "--suppress-health-check", "all",
      "--workers", "2",
      "--no-color"
    ],
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: folder }
  })
  const { code } = await run.exited
  expect(code, run.output()).toBe(0)
  expect(program.output()).not.toContain("level=ERROR")
}, 300_000)
