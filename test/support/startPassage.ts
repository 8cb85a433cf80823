import { connect, createServer, type AddressInfo, type Socket } from "node:net"

export interface Passage {
  readonly port: number
  readonly stop: () => Promise<void>
}

/**
 * Passes TCP connections on to ports of this machine, as a Network Load Balancer does for the replicas behind it: to
 * the one with the fewest, another where that refuses. What breaks on one side is broken on the other.
 */
export const startPassage = async (targets: ReadonlyArray<number>): Promise<Passage> => {
  const open = new Set<Socket>()
  const held = new Map(targets.map((port) => [port, 0]))
  const hold = (port: number, more: 1 | -1) => held.set(port, (held.get(port) ?? 0) + more)

  const dial = (incoming: Socket, left: ReadonlyArray<number>): void => {
    const [port, ...others] = left
    if (port === undefined) return void incoming.destroy()
    const onward = connect({ host: "127.0.0.1", port })
    const refused = (): void => dial(incoming, others)
    onward.once("error", refused)
    onward.once("connect", () => {
      onward.off("error", refused)
      open.add(onward)
      hold(port, 1)
      onward.once("close", () => hold(port, -1))
      for (const [one, other] of [[incoming, onward], [onward, incoming]] as const) {
        one.on("error", () => other.destroy())
        one.once("close", () => {
          open.delete(one)
          other.destroy()
        })
        one.pipe(other)
      }
    })
  }

  const server = createServer((incoming) => {
    open.add(incoming)
    incoming.on("error", () => undefined)
    dial(incoming, targets.toSorted((a, b) => (held.get(a) ?? 0) - (held.get(b) ?? 0)))
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(0, "127.0.0.1", resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      })
  }
}
