/** How the program's log is written. */
export interface LogConfig {
  readonly format: "logfmt" | "json"
  readonly level: "Debug" | "Info" | "Warn" | "Error"
}
