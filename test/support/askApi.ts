export interface ApiAnswer {
  readonly status: number
  /** Parsed where it is JSON. */
  readonly body: unknown
}

/** One request to a control plane's REST API on this machine. */
export const askApi = async (port: number, path: string, method = "GET", body?: unknown): Promise<ApiAnswer> => {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    signal: AbortSignal.timeout(15_000),
    ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
  })
  const text = await answer.text()
  return { status: answer.status, body: text.startsWith("{") ? JSON.parse(text) : text }
}
