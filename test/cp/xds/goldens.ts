/** The golden cases, found by their folders: input.yaml, perhaps settings.yaml, and what is expected of each type. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parse } from "yaml"
import { type TranslatedProxy, translateText } from "../../../src/cli/translate.ts"
import type { TranslateSettings } from "../../../src/cp/xds/TranslateSettings.ts"

export const goldenFolder = join(import.meta.dirname, "../../golden/xds")

export const goldenCases: ReadonlyArray<string> = readdirSync(goldenFolder).sort()

export const translateCase = (name: string): ReadonlyArray<TranslatedProxy> => {
  const settings = join(goldenFolder, name, "settings.yaml")
  return translateText(readFileSync(join(goldenFolder, name, "input.yaml"), "utf8"), {
    settings: existsSync(settings) ? parse(readFileSync(settings, "utf8")) as Partial<TranslateSettings> : {}
  })
}
