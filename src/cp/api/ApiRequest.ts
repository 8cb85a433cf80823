/** One request as the handlers see it: no sockets, no streams. */
export interface ApiRequest {
  readonly method: string
  /** Decoded path segments without empty ones at the end. */
  readonly path: ReadonlyArray<string>
  /** The path as it came, for links. */
  readonly rawPath: string
  readonly query: URLSearchParams
  readonly scheme: "http" | "https"
  readonly host: string
  readonly isAdmin: boolean
  readonly contentType: string
  /** Text of the body; empty where there is none. */
  readonly body: string
}

/** JSON, plain text where that is what Kuma's clients read, or JSON lines that are made while they are sent. */
export type ApiResponse =
  | { readonly status: number; readonly body: unknown }
  | { readonly status: number; readonly text: string }
  | {
    readonly status: number
    readonly lines: AsyncIterable<string>
    /** To be called when nobody reads on, also where nobody began to. */
    readonly over: () => void
  }
