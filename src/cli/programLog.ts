/**
 * The log of a program. Where another program reads it, as CloudWatch does, an entry is a line. Those of one moment are
 * written together: a write for each of a thousand newcomers is a part of what they cost. A warning is written at once,
 * with all that came before it, and nothing is left when the process ends.
 */
import { Layer, Logger, LogLevel, References } from "effect"
import type { LogConfig } from "../cp/config/LogConfig.ts"

const HELD_MILLIS = 20

const FORMATS = { logfmt: Logger.formatLogFmt, json: Logger.formatJson }

/** `write`: whole lines. */
export const lineLogger = (write: (text: string) => void, format: LogConfig["format"] = "logfmt") => {
  const held: Array<string> = []
  const flush = (): void => {
    if (held.length > 0) write(`${held.splice(0).join("\n")}\n`)
  }
  const logger = Logger.make<unknown, void>((entry) => {
    const isFirst = held.push(FORMATS[format].log(entry)) === 1
    if (LogLevel.isGreaterThanOrEqualTo(entry.logLevel, "Warn")) flush()
    else if (isFirst) setTimeout(flush, HELD_MILLIS).unref()
  })
  return { logger, flush }
}

const toOutput = (format: LogConfig["format"]): Layer.Layer<never> => {
  const { flush, logger } = lineLogger((text) => process.stdout.write(text), format)
  process.once("exit", flush)
  return Logger.layer([logger])
}

export const DEFAULT_LOG: LogConfig = { format: "logfmt", level: "Info" }

/** A person at a terminal is shown colours, unless JSON is asked for. */
export const programLog = ({ format, level }: LogConfig): Layer.Layer<never> =>
  Layer.merge(
    process.stdout.isTTY && format === "logfmt" ? Layer.empty : toOutput(format),
    Layer.succeed(References.MinimumLogLevel, level)
  )
