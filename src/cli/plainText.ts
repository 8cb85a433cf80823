/**
 * A text that a terminal only shows. Files, other programs' answers and names in AWS may hold characters that a
 * terminal obeys, or that let a text read as another one; they are written as JSON writes them: `\u001b`. Pure.
 */

/** Controls, and what Unicode calls format: directions, joiners, invisible marks. */
const OBEYED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }

/** A character beyond the first plane is two of JSON's. */
const written = (char: string): string =>
  SHORT[char] ?? [...Array(char.length).keys()]
    .map((index) => `\\u${char.charCodeAt(index).toString(16).padStart(4, "0")}`)
    .join("")

/** One line: a newline within is written out too. Of JSON without line breaks it is the same JSON. */
export const plainText = (line: string): string => line.replace(OBEYED, written)

/** Several lines; their newlines stay. */
export const plainLines = (text: string): string => text.split("\n").map(plainText).join("\n")
