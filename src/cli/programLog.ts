/**
 * The log of a program. Where another program reads it, as CloudWatch does, an entry is a line. Those of one moment are
 * written together: a write for each of a thousand newcomers is a part of what they cost. A warning is written at once,
 * with all that came before it, and nothing is left when the process ends.
 */
import { Layer, Logger, LogLevel } from "effect"

const HELD_MILLIS = 20

/** `write`: whole lines. */
export const lineLogger = (write: (text: string) => void) => {
  const held: Array<string> = []
  const flush = (): void => {
    if (held.length > 0) write(`${held.splice(0).join("\n")}\n`)
  }
  const logger = Logger.make<unknown, void>((entry) => {
    const isFirst = held.push(Logger.formatLogFmt.log(entry)) === 1
    if (LogLevel.isGreaterThanOrEqualTo(entry.logLevel, "Warn")) flush()
    else if (isFirst) setTimeout(flush, HELD_MILLIS).unref()
  })
  return { logger, flush }
}

const toOutput = (): Layer.Layer<never> => {
  const { flush, logger } = lineLogger((text) => process.stdout.write(text))
  process.once("exit", flush)
  return Logger.layer([logger])
}

export const programLog = process.stdout.isTTY ? Layer.empty : toOutput()
