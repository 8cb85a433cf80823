import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import { Effect } from "effect"
import { expect, it } from "vitest"
import { askJournal } from "../../../src/cli/explain/askOperator.ts"
import { selfSigned } from "../../cp/api/selfSigned.ts"

const failureAt = (address: string): Promise<string> =>
  Effect.runPromise(askJournal(address, ["aa"]).pipe(Effect.flip, Effect.map(({ message }) => message)))

it("an address without its scheme is given back with one", async () => {
  expect(await failureAt("127.0.0.1:5681")).toBe("--address wants http:// or https:// before it: http://127.0.0.1:5681")
})

it("where nobody answers it is said what else can be read", async () => {
  const message = await failureAt("http://127.0.0.1:1")
  expect(message).toContain("with --address, or read its journal: --journal <work dir>/journal.jsonl")
})

it("of a certificate that nobody vouches for it is said how to name its CA", async () => {
  const { certificatePem, privateKeyPem } = await selfSigned()
  const server = createServer({ cert: certificatePem, key: privateKeyPem })
  try {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const { port } = server.address() as AddressInfo
    expect(await failureAt(`https://127.0.0.1:${port}`)).toContain("NODE_EXTRA_CA_CERTS")
  } finally {
    server.close()
  }
})
