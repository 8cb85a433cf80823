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

const NAME = /%([A-Z0-9_]+)(\()?/y
const END = /(?::([0-9]+))?%/y
const BRACKETED_END = /\)(?::([0-9]+))?%/g

/** Characters in brackets. Envoy knows no bound. */
const MOST_PARAMETERS = 512

interface ReadCommand {
  readonly text: string
  readonly command: LogCommand
}

/**
 * Reads one that begins at a percent sign, null where none does; of the same text, from the first percent sign to the
 * last. As Envoy has it: brackets end at the first one that a command may end after, and hold no line feed. Where the
 * next such end is, is found once for all that are opened before it: a text of many is read in one go.
 */
const commandsOf = (text: string): (at: number) => ReadCommand | null => {
  let found: RegExpExecArray | null | undefined
  const bracketedEnd = (from: number): RegExpExecArray | null => {
    if (found === undefined || (found !== null && found.index < from)) {
      BRACKETED_END.lastIndex = from
      found = BRACKETED_END.exec(text)
    }
    return found
  }
  return (at) => {
    NAME.lastIndex = at
    const [, name, bracket] = NAME.exec(text) ?? []
    if (name === undefined) return null
    const from = NAME.lastIndex
    END.lastIndex = from
    const end = bracket === undefined ? END.exec(text) : bracketedEnd(from)
    if (end === null || end.index - from > MOST_PARAMETERS) return null
    const parameters = bracket === undefined ? null : text.slice(from, end.index)
    if (parameters?.includes("\n") === true) return null
    return { text: text.slice(at, end.index + end[0].length), command: { name, parameters, length: end[1] ?? null } }
  }
}

/**
 * Two percent signs are one that is written, and so text. `isWord`: of what looks like a command, whether it is one;
 * where it isn't, its first percent sign is `Percent`, and reading goes on behind that.
 */
export function* readFormat(
  text: string,
  isWord: (command: LogCommand) => boolean = () => true
): Generator<FormatPiece> {
  const readCommand = commandsOf(text)
  let at = 0
  while (at < text.length) {
    const next = text.indexOf("%", at)
    const end = next < 0 ? text.length : next
    if (end > at) yield { _tag: "Text", text: text.slice(at, end) }
    at = end
    if (next < 0) continue
    const read = text[at + 1] === "%" ? null : readCommand(at)
    if (text[at + 1] === "%") {
      yield { _tag: "Text", text: "%%" }
      at += 2
    } else if (read !== null && isWord(read.command)) {
      yield { _tag: "Command", ...read }
      at += read.text.length
    } else {
      yield { _tag: "Percent", rest: text.slice(at, at + 20) }
      at += 1
    }
  }
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
  Array.from(readFormat(text), (piece) => {
    if (piece._tag === "Percent") return "%"
    const word = piece._tag === "Command" ? wordOf(piece.text) : undefined
    return word === undefined ? piece.text : words[word]
  }).join("")
