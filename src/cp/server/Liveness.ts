/**
 * Notices peers that vanished without a word, whatever stands between. grpc-js would ping each connection every few
 * seconds, of which thousands make an idle control plane busy; but Envoys ping by themselves, so that it is enough to
 * ask those that were silent.
 */
import type { ServerHttp2Session } from "node:http2"

/** What was heard of a connection until it was last looked at. */
interface Heard {
  bytes: number
  /** Unix milliseconds. */
  at: number
  /** It was silent then and was sent a ping, whose answer would be bytes. */
  asked: boolean
}

export interface LivenessOptions {
  /** Who says nothing for so long is asked. */
  readonly silenceMillis: number
  /** Who doesn't answer for so long is gone. */
  readonly answerMillis: number
}

export class Liveness {
  readonly #options: LivenessOptions
  readonly #sessions = new Map<ServerHttp2Session, Heard>()

  constructor(options: LivenessOptions) {
    this.#options = options
  }

  watch(session: ServerHttp2Session, now: number): void {
    this.#sessions.set(session, { bytes: 0, at: now, asked: false })
    session.once("close", () => this.#sessions.delete(session))
  }

  /** To be called each second or so: it looks at those whose time has come. */
  look(now: number): void {
    const { answerMillis, silenceMillis } = this.#options
    for (const [session, heard] of this.#sessions) {
      if (now - heard.at >= (heard.asked ? answerMillis : silenceMillis)) listen(session, heard, now)
    }
  }
}

const listen = (session: ServerHttp2Session, heard: Heard, now: number): void => {
  if (session.destroyed) return
  heard.at = now
  const { bytesRead } = session.socket
  if (bytesRead !== heard.bytes) {
    heard.bytes = bytesRead
    heard.asked = false
  } else if (heard.asked) {
    session.destroy()
  } else {
    heard.asked = true
    session.ping(() => {})
  }
}
