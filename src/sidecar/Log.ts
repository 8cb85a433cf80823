/**
 * One line an entry, for whoever reads the task's log group: time, level, a constant message, then `key=value`.
 * A token never gets into a line, whatever the caller or Envoy puts there.
 */

export type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>

export interface Log {
  readonly info: (message: string, fields?: Fields) => void
  readonly warn: (message: string, fields?: Fields) => void
  readonly error: (message: string, fields?: Fields) => void
  /** A line of Envoy's own, as it came. */
  readonly envoy: (line: string) => void
}

const SECRET = /ecs-mesh-aws-v1\.[\w-]+|\beyJ[\w-]+\.[\w-]+\.[\w-]+|X-Amz-(?:Signature|Security-Token|Credential)=[^&\s"]+/g

/** Tokens of ours, JWTs and the telling parts of presigned URLs become `[redacted]`. */
export const redact = (text: string): string => text.replace(SECRET, "[redacted]")

const render = (value: string | number | boolean | null): string => {
  const text = String(value)
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text)
}

export const renderLine = (time: Date, level: string, message: string, fields: Fields): string => {
  const pairs = Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${render(value)}`]))
  return redact([time.toISOString(), level.padEnd(5), message, ...pairs].join(" "))
}

/** `write` gets whole lines, each with its line feed. */
export const makeLog = (write: (line: string) => void): Log => {
  const at = (level: string) => (message: string, fields: Fields = {}) =>
    write(`${renderLine(new Date(), level, message, fields)}\n`)
  return { info: at("INFO"), warn: at("WARN"), error: at("ERROR"), envoy: (line) => write(`envoy ${redact(line)}\n`) }
}
