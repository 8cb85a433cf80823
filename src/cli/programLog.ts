/** A line an entry where a program reads the log, as CloudWatch does. */
import { Layer, Logger } from "effect"

export const programLog = process.stdout.isTTY ? Layer.empty : Logger.layer([Logger.consoleLogFmt])
