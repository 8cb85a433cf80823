/** How the token controller keeps tokens. */
export interface TokenSettings {
  /** Secrets are called `<prefix>/<service>`; the empty string: `<service>`. */
  readonly secretNamePrefix: string
  /** Of a new token. A task takes its token along when it starts, so this bounds how long a task may live. */
  readonly validForMillis: number
  /** A token is replaced this long before it expires; null: once two thirds of its life are over. */
  readonly rotateBeforeMillis: number | null
  /** Between two looks at a secret that is as it should be. */
  readonly lookMillis: number
  /** Between two looks at one whose owner has to change something. */
  readonly waitMillis: number
  /** A task that nobody has seen for this long counts as gone. */
  readonly forgetMillis: number
}
