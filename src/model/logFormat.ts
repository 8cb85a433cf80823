/** What stands between percent signs in a format of Envoy's: an access log's, or a header's value. Pure. */

/** One of Envoy's command operators, as it stands in a text. */
export interface LogCommand {
  /** `REQ` of `%REQ(X-A?:PATH):10%`. */
  readonly name: string
  /** Null where it has no brackets. */
  readonly parameters: string | null
  /** How many characters are written at most, as it stands there. */
  readonly length: string | null
}

/** All of them one after the other are the text. `Percent`: one that begins nothing; `rest` is what begins with it. */
export type FormatPiece =
  | { readonly _tag: "Text"; readonly text: string }
  | { readonly _tag: "Command"; readonly text: string; readonly command: LogCommand }
  | { readonly _tag: "Percent"; readonly rest: string }

/**
 * As Envoy has it: brackets end at the first one that a command may end after, and hold no line feed. Not as Envoy has
 * it: a length to what they hold, so that reading a text of many opened ones takes no time to speak of.
 */
const COMMAND = /%([A-Z0-9_]+)(?:\(([^\n]{0,512}?)\))?(?::([0-9]+))?%/y

const readCommand = (text: string, at: number): { readonly text: string; readonly command: LogCommand } | null => {
  COMMAND.lastIndex = at
  const [all, name, parameters, length] = COMMAND.exec(text) ?? []
  if (all === undefined || name === undefined) return null
  return { text: all, command: { name, parameters: parameters ?? null, length: length ?? null } }
}

/**
 * Two percent signs are one that is written, and so text. `isWord`: of what looks like a command, whether it is one;
 * where it isn't, its first percent sign is `Percent`, and reading goes on behind that.
 */
export const readFormat = (
  text: string,
  isWord: (command: LogCommand) => boolean = () => true
): ReadonlyArray<FormatPiece> => {
  const pieces: Array<FormatPiece> = []
  let at = 0
  while (at < text.length) {
    const next = text.indexOf("%", at)
    const end = next < 0 ? text.length : next
    if (end > at) pieces.push({ _tag: "Text", text: text.slice(at, end) })
    at = end
    if (next < 0) continue
    const read = text[at + 1] === "%" ? null : readCommand(text, at)
    if (text[at + 1] === "%") {
      pieces.push({ _tag: "Text", text: "%%" })
      at += 2
    } else if (read !== null && isWord(read.command)) {
      pieces.push({ _tag: "Command", ...read })
      at += read.text.length
    } else {
      pieces.push({ _tag: "Percent", rest: text.slice(at, at + 20) })
      at += 1
    }
  }
  return pieces
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

const wordOf = (text: string): keyof KumaWords | undefined =>
  KUMA_WORDS.find((word) => text === `%${KUMA_PREFIX}${word}%`)

/** With Kuma's words in their places; `%%KUMA_MESH%%` is none, but a text with percent signs. */
export const withKumaWords = (text: string, words: KumaWords): string =>
  readFormat(text).map((piece) => {
    if (piece._tag === "Percent") return "%"
    const word = piece._tag === "Command" ? wordOf(piece.text) : undefined
    return word === undefined ? piece.text : words[word]
  }).join("")
