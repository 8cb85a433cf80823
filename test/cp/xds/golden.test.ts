import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { stringify } from "yaml"
import { describe, expect, it } from "vitest"
import type { TranslatedProxy } from "../../../src/cli/translate.ts"
import { goldenCases, goldenFolder, translateCase } from "./goldens.ts"

/** `UPDATE_GOLDENS=1` writes what is answered now; read the diff before you commit it. */
const updating = process.env["UPDATE_GOLDENS"] === "1"

const parts: Readonly<Record<string, (proxy: TranslatedProxy) => ReadonlyArray<unknown>>> = {
  listeners: ({ rendered }) => rendered.listeners,
  routes: ({ rendered }) => rendered.routes,
  clusters: ({ rendered }) => rendered.clusters,
  endpoints: ({ rendered }) => rendered.endpoints,
  secrets: ({ secrets }) => secrets,
  conditions: ({ conditions }) => conditions
}

/** Proxy by proxy; proxies that have nothing of it are left out, and so is a file that would be empty. */
const render = (proxies: ReadonlyArray<TranslatedProxy>, part: string): string => {
  const found = proxies.flatMap((translated) => {
    const values = parts[part]?.(translated) ?? []
    const { proxyType, mesh, name } = translated.proxy
    return values.length === 0 ? [] : [[`${proxyType}/${mesh}/${name}`, values] as const]
  })
  return found.length === 0 ? "" : stringify(Object.fromEntries(found), { lineWidth: 0, aliasDuplicateObjects: false })
}

const check = (file: string, actual: string): void => {
  if (updating) {
    if (actual === "") rmSync(file, { force: true })
    else writeFileSync(file, actual)
  }
  expect(actual).toBe(existsSync(file) ? readFileSync(file, "utf8") : "")
}

describe("the resources of each golden case", () => {
  it("are many cases", () => {
    expect(goldenCases.length).toBeGreaterThan(9)
  })

  it.each(goldenCases)("%s translates to what is written beside it", (name) => {
    const proxies = translateCase(name)
    for (const part of Object.keys(parts)) check(join(goldenFolder, name, `${part}.yaml`), render(proxies, part))
  })

  it.each(goldenCases)("%s names every assignment that its clusters wait for", (name) => {
    for (const { rendered } of translateCase(name)) {
      const waiting = rendered.clusters
        .map((cluster) => cluster as { readonly name: string; readonly type: string })
        .filter(({ type }) => type === "EDS")
        .map((cluster) => cluster.name)
      const assigned = rendered.endpoints.map((one) => (one as { readonly clusterName: string }).clusterName)
      expect(assigned.sort()).toEqual(waiting.sort())
    }
  })
})
