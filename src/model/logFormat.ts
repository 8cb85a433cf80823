/** What stands between percent signs in the format of an access log. Pure. */

/** One of Envoy's command operators, as it stands in a text. */
export interface LogCommand {
  /** `REQ` of `%REQ(X-A?:PATH):10%`. */
  readonly name: string
  /** Null where it has no brackets. */
  readonly parameters: string | null
  /** Whether it says how many characters are written at most. */
  readonly isCut: boolean
}

/** A percent sign that begins nothing. */
export interface BrokenCommand {
  readonly rest: string
}

/** Brackets end at the first one that a command may end after. */
const COMMAND = /^%([A-Z0-9_]+)(?:\((.*?)\))?(:\d+)?%/s

/** In the order of the text; two percent signs are one that is written. */
export const readCommands = (text: string): ReadonlyArray<LogCommand | BrokenCommand> => {
  const found: Array<LogCommand | BrokenCommand> = []
  for (let at = text.indexOf("%"); at >= 0; at = text.indexOf("%", at)) {
    if (text[at + 1] === "%") {
      at += 2
      continue
    }
    const rest = text.slice(at)
    const [all, name, parameters, cut] = COMMAND.exec(rest) ?? []
    if (all === undefined || name === undefined) return [...found, { rest }]
    found.push({ name, parameters: parameters ?? null, isCut: cut !== undefined })
    at += all.length
  }
  return found
}

export const KUMA_PREFIX = "KUMA_"

/** What Kuma's own placeholders stand for. */
export interface KumaWords {
  readonly SOURCE_ADDRESS: string
  readonly SOURCE_ADDRESS_WITHOUT_PORT: string
  readonly SOURCE_SERVICE: string
  readonly DESTINATION_SERVICE: string
  readonly MESH: string
  readonly TRAFFIC_DIRECTION: string
  readonly ZONE: string
  readonly WORKLOAD: string
}

export const KUMA_WORDS: ReadonlyArray<keyof KumaWords> = [
  "SOURCE_ADDRESS", "SOURCE_ADDRESS_WITHOUT_PORT", "SOURCE_SERVICE", "DESTINATION_SERVICE", "MESH",
  "TRAFFIC_DIRECTION", "ZONE", "WORKLOAD"
]

/** With Kuma's words in their places. */
export const withKumaWords = (text: string, words: KumaWords): string =>
  KUMA_WORDS.reduce((before, word) => before.replaceAll(`%${KUMA_PREFIX}${word}%`, () => words[word]), text)
