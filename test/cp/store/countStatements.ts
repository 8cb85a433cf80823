/** What is sent to databases while something runs, statement by statement. */
import { Client } from "pg"
import { vi } from "vitest"

const textOf = (statement: unknown): string =>
  typeof statement === "object" && statement !== null && "text" in statement ? String(statement.text) : String(statement)

/** Begins to count; `stop` gives the texts. Other tests of the same process must not run meanwhile. */
export const countStatements = (): { readonly texts: () => ReadonlyArray<string>; readonly stop: () => void } => {
  const spy = vi.spyOn(Client.prototype, "query")
  return {
    texts: () => spy.mock.calls.map(([statement]) => textOf(statement).trim().replaceAll(/\s+/g, " ")),
    stop: () => spy.mockRestore()
  }
}

/** The statements of a run, without those by which the change feed watches over itself. */
export const statementsOf = async <A>(run: () => Promise<A>): Promise<ReadonlyArray<string>> => {
  const counted = countStatements()
  try {
    await run()
    return counted.texts().filter((text) => text !== "SELECT revision FROM resource_revision")
  } finally {
    counted.stop()
  }
}
