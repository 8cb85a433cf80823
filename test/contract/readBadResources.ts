/** What users get wrong, by type. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parseYaml } from "../../src/model/parseYaml.ts"
import { descriptors, isResourceType } from "../../src/model/ResourceDescriptor.ts"

export const BAD_RESOURCES = join(import.meta.dirname, "badResources")

export type Body = Readonly<Record<string, unknown>>

export interface BadResource {
  /** What is wrong with it. */
  readonly says: string
  /** As it is sent. */
  readonly body: Body
}

const isBody = (value: unknown): value is Body => typeof value === "object" && value !== null

/** A case leaves out what all have in common: its type is its file's, its mesh `default`, its name `a`. */
const whole = (fileType: string, body: Body): Body => {
  const type = typeof body["type"] === "string" ? body["type"] : fileType
  const isInMesh = isResourceType(type) && descriptors[type].scope === "Mesh"
  return { type, ...(isInMesh ? { mesh: "default" } : {}), name: "a", ...body }
}

/** The names of the files: a type's, or `Meta` for what all types have. */
export const badResourceFiles: ReadonlyArray<string> = readdirSync(BAD_RESOURCES)
  .filter((file) => file.endsWith(".yaml"))
  .map((file) => file.replace(".yaml", ""))
  .sort()

export const readBadResources = (file: string): ReadonlyArray<BadResource> => {
  const parsed = parseYaml(readFileSync(join(BAD_RESOURCES, `${file}.yaml`), "utf8"))
  if ("problems" in parsed) throw new Error(parsed.problems.join("\n"))
  const [cases] = parsed.values
  return Object.entries(Object(cases)).map(([says, body]) => ({ says, body: whole(file, isBody(body) ? body : {}) }))
}
