/** One Postgres for all test files of a run: started when the first of them asks for it, stopped after the last. */
import { createServer } from "node:http"
import type { TestProject } from "vitest/node"
import { startPostgres, type TestPostgres } from "./startPostgres.ts"

declare module "vitest" {
  export interface ProvidedContext {
    /** Answers with the Postgres of the run. */
    readonly postgresUrl: string
  }
}

export type SharedPostgres = Pick<TestPostgres, "host" | "port" | "user" | "password" | "dbName">

/** vitest's global set-up: it runs in the main process, before and after the files. */
export default async ({ provide }: TestProject): Promise<() => Promise<void>> => {
  // The embedded Postgres ends whoever loaded it, once there is nothing left to do: with 0, whatever failed.
  process.prependListener("beforeExit", () => process.exit())
  let started: Promise<TestPostgres> | undefined
  const server = createServer((_, response) => {
    started ??= startPostgres()
    started.then(
      ({ host, port, user, password, dbName }) =>
        response.end(JSON.stringify({ host, port, user, password, dbName } satisfies SharedPostgres)),
      (error: unknown) => response.writeHead(500).end(String(error))
    )
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("there is no port on loopback")
  provide("postgresUrl", `http://127.0.0.1:${address.port}`)
  return async () => {
    server.closeAllConnections()
    server.close()
    // One that didn't start was told to whoever asked.
    await started?.then(({ stop }) => stop(), () => undefined)
  }
}
