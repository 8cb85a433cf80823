/** Leaves out of an answer what is another in each run: moments, ids, keys, and where things are. Pure. */
const RULES: ReadonlyArray<readonly [pattern: RegExp, replacement: string]> = [
  [/("product": "Kuma",\s+"version": ")[^"]*/g, "$1VERSION"],
  [/^# Product: Kuma,.*$/gm, "# Product: Kuma"],
  [/http:\/\/127\.0\.0\.1:\d+/g, "URL"],
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, "TIME"],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, "TOKEN"],
  [/-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----/g, "$1"],
  [/[A-Za-z0-9+/]{60,}={0,2}/g, "DATA"],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "UUID"],
  [/("instanceId": ")[^"]*/g, "$1ID"],
  [/(controlPlaneInstanceId"?: "?)[^"\n,]+/g, "$1ID"],
  // One change is told in as many answers as there are moments at which it's looked for.
  [/(responses(?:Sent|Acknowledged)"?: )"[1-9]\d*"/g, "$1\"SOME\""],
  // Kuma counts them up, ours come from a hash of the name.
  [/\b24[0-3]\.\d+\.\d+\.\d+/g, "VIP"],
  // A table's columns are as wide as what stands in them.
  [/(?<=\S) {2,}(?=\S)/g, " "],
  [/ +$/gm, ""],
  // Of a table of proxies: since when, and how many answers; of their certificates, since and until when.
  [/(?<=(?:Online|Offline|Partially degraded) )\d+[smhd] \d+[smhd] [1-9]\d*(?= )/g, "AGE AGE SOME"],
  [/\d+[smhd] \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?= )/g, "AGE TIME"],
  // A table's last column; a field's duration is no age.
  [/(?<=[^:\s-]) \d+[smh]$/gm, " AGE"]
]

/** kumactl's of another version than its own: what it prints begins with it. */
export const withoutWarning = (text: string): string =>
  // Of a kuma-cp that was built without its version.
  text.replace(/^WARNING: You are using kumactl version .*\n/gm, "")

/** kuma-dp says them in another order each time. */
const orderFeatures = (text: string): string =>
  text.replace(/(?:feature-[a-z0-9-]*[a-z0-9][",\s-]*){2,}/g, (said) => {
    const names = (said.match(/feature-[a-z0-9-]*[a-z0-9]/g) ?? []).sort()
    let place = 0
    return said.replace(/feature-[a-z0-9-]*[a-z0-9]/g, () => names[place++] ?? "")
  })

export const normalise = (text: string, folder: string): string =>
  orderFeatures(
    RULES.reduce(
      (rest, [pattern, replacement]) => rest.replace(pattern, replacement),
      withoutWarning(text).replaceAll(folder, "FOLDER")
    )
  )
