/** Sends what users get wrong, and reads the answers: whether it was taken, with which warnings, or why not. */
import { descriptors, isResourceType } from "../../src/model/ResourceDescriptor.ts"
import { type BadResource, badResourceFiles, readBadResources } from "../../test/contract/readBadResources.ts"
import type { Answer } from "./takeStep.ts"

interface Told {
  readonly title?: string
  readonly detail?: string
  readonly invalid_parameters?: ReadonlyArray<{ readonly field: string; readonly reason: string }>
  readonly warnings?: ReadonlyArray<string>
}

/** Kuma has collections of types that aren't offered here, too. */
const collectionOf = (type: string): string =>
  isResourceType(type) ? descriptors[type].paths[0] : `${type.toLowerCase().replace(/y$/, "ie")}s`

const pathOf = ({ body }: BadResource): string => {
  const type = String(body["type"])
  const isGlobal = isResourceType(type) && descriptors[type].scope === "Global"
  const name = encodeURIComponent(String(body["name"]))
  return `${isGlobal ? "" : "/meshes/default"}/${collectionOf(type)}/${name}`
}

const textOf = (status: number, body: string): string => {
  if (!body.trimStart().startsWith("{")) return `refused (${status})\n${body.trim()}`
  const { detail, invalid_parameters: reasons = [], title, warnings = [] }: Told = JSON.parse(body)
  if (status < 300) return ["taken", ...warnings.map((warning) => `warning: ${warning}`)].join("\n")
  const lines = reasons.map(({ field, reason }) => `${field}: ${reason}`).sort()
  return [`refused (${status})`, ...(lines.length > 0 ? lines : [`${title}: ${detail}`])].join("\n")
}

const send = async (api: string, resource: BadResource): Promise<string> => {
  const url = `${api}${pathOf(resource)}`
  const answer = await fetch(url, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(resource.body)
  })
  const text = textOf(answer.status, await answer.text())
  if (answer.ok) await (await fetch(url, { method: "DELETE" })).body?.cancel()
  return text
}

export const sendBadResources = async (api: string): Promise<ReadonlyArray<Answer>> => {
  const answers: Array<Answer> = []
  for (const file of badResourceFiles) {
    for (const resource of readBadResources(file)) {
      answers.push({ call: `${file}: ${resource.says}`, text: await send(api, resource) })
    }
  }
  return answers
}
