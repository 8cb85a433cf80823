/** The subject's REST API, by which the bench makes its changes. */
import { clock } from "./clock.ts"

export interface Written {
  /** When it was sent, and when its 2xx had come. */
  readonly sentAt: number
  readonly answeredAt: number
}

export class Api {
  readonly #base: string

  constructor(base: string) {
    this.#base = base
  }

  async put(path: string, body: unknown): Promise<Written> {
    const content = JSON.stringify(body)
    const sentAt = clock()
    const answer = await fetch(`${this.#base}${path}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: content
    })
    const answeredAt = clock()
    const text = await answer.text()
    if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${text}`)
    return { sentAt, answeredAt }
  }

  /** Tries until it is there: what a control plane makes at its start may come after its first answer. */
  async get(path: string): Promise<Readonly<Record<string, unknown>>> {
    for (let tries = 0;; tries++) {
      const answer = await fetch(`${this.#base}${path}`)
      const text = await answer.text()
      if (answer.ok) return JSON.parse(text)
      if (tries === 100) throw new Error(`GET ${path}: ${answer.status} ${text}`)
      await new Promise((resume) => setTimeout(resume, 100))
    }
  }
}
