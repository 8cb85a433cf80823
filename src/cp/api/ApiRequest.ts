import type { IncomingHttpHeaders } from "node:http"
import type { User } from "../auth/user/User.ts"
import type { Caller } from "../auth/user/UserAuthenticator.ts"
import type { Preconditions } from "./preconditions.ts"
import type { Route } from "./Route.ts"

/** What a request says before its body. */
export interface RequestHead {
  readonly route: Route
  readonly method: string
  /** Decoded path segments without empty ones at the end. */
  readonly path: ReadonlyArray<string>
  /** The path as it came, for links. */
  readonly rawPath: string
  readonly query: URLSearchParams
  readonly scheme: "http" | "https"
  readonly host: string
  readonly headers: IncomingHttpHeaders
  readonly caller: Caller
  /** Where it comes from, as the socket has it. */
  readonly remoteAddress: string
}

/** One request as the handlers see it: no sockets, no streams. */
export interface ApiRequest {
  readonly method: string
  readonly path: ReadonlyArray<string>
  readonly rawPath: string
  readonly query: URLSearchParams
  readonly scheme: "http" | "https"
  readonly host: string
  readonly user: User
  /** Whom what is done at once is counted for: `callerName`. */
  readonly caller: string
  readonly contentType: string
  readonly preconditions: Preconditions
  /** Text of the body; empty where there is none. */
  readonly body: string
}

/** JSON, text where that is what Kuma's clients read, or JSON lines that are made while they are sent. */
export type ApiResponse =
  | { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly status: number; readonly text: string | Buffer; readonly contentType?: string }
  | {
    readonly status: number
    readonly lines: AsyncIterable<string>
    /** To be called when nobody reads on, also where nobody began to. */
    readonly over: () => void
  }
