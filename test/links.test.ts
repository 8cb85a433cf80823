// Every link of the documents to a place in this repository leads there, and every one to a heading finds it.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { expect, it } from "vitest"

const root = join(import.meta.dirname, "..")

const documents = [
  "README.md",
  "CHANGELOG.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name))
]

/** What stands in a block of code is no link and no heading. */
const prose = (text: string): string => text.replace(/^( *)(```|~~~)[\s\S]*?^\1\2 *$/gm, "")

const read = (document: string): string => prose(readFileSync(join(root, document), "utf8"))

/** As GitHub names a heading: in small letters, without what is neither letter, digit, hyphen nor space. */
const anchorOf = (heading: string): string =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, "")
    .trim()
    .replaceAll(" ", "-")

/** The second heading of a name has `-1` behind it, and so on. */
const anchorsOf = (document: string): ReadonlySet<string> => {
  const times = new Map<string, number>()
  return new Set(
    [...read(document).matchAll(/^#{1,6} +(.+?) *#*$/gm)].map(([, heading = ""]) => {
      const anchor = anchorOf(heading)
      const before = times.get(anchor) ?? 0
      times.set(anchor, before + 1)
      return before === 0 ? anchor : `${anchor}-${before}`
    })
  )
}

const linksOf = (document: string): ReadonlyArray<string> =>
  [...read(document).replace(/`[^`\n]*`/g, "").matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = ""]) => target)

/** Why a link leads nowhere, or null. */
const broken = (document: string, link: string): string | null => {
  if (/^[a-z]+:/.test(link)) return null
  const [path = "", anchor] = link.split("#")
  const target = path === "" ? document : relative(root, resolve(root, dirname(document), path))
  if (target.startsWith("..")) return `${document}: ${link} leads out of the repository`
  if (!existsSync(join(root, target))) return `${document}: ${link} isn't there`
  if (anchor === undefined || !target.endsWith(".md")) return null
  return anchorsOf(target).has(anchor) ? null : `${document}: ${link} has no such heading`
}

it("finds the documents, and links in them", () => {
  expect(documents.length).toBeGreaterThan(20)
  expect(documents.flatMap(linksOf).filter((link) => link.includes("#")).length).toBeGreaterThan(20)
})

it("every link leads somewhere", () => {
  expect(documents.flatMap((document) => linksOf(document).flatMap((link) => broken(document, link) ?? []))).toEqual([])
})

it.each([
  ["a path that isn't there", "docs/nowhere.md"],
  ["an anchor that isn't there", "docs/configuration.md#nowhere"],
  ["a way out", "../other/README.md"]
])("%s would be told", (_, link) => {
  expect(broken("README.md", link)).not.toBeNull()
})
