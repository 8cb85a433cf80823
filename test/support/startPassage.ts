import { connect, createServer, type AddressInfo, type Socket } from "node:net"

export interface Passage {
  readonly port: number
  /**
   * Breaks every connection off for those who dialled; the other side hears nothing of it, as where a host vanished or
   * a NAT forgot, until `end`. `left`: how many of these it still holds.
   */
  readonly abandon: () => { readonly left: () => number; readonly end: () => void }
  readonly stop: () => Promise<void>
}

export interface PassageOptions {
  /** Whose address connections come from; null: nobody may pass yet. Absent: this machine's. */
  readonly localAddress?: () => string | null
}

/**
 * Passes TCP connections on to ports of this machine, as a Network Load Balancer does for the replicas behind it: to
 * the one with the fewest, another where that refuses. What breaks on one side is broken on the other.
 */
export const startPassage = async (targets: ReadonlyArray<number>, options: PassageOptions = {}): Promise<Passage> => {
  const open = new Set<Socket>()
  const pairs = new Set<{ readonly incoming: Socket; readonly onward: Socket; readonly sever: () => void }>()
  const held = new Map(targets.map((port) => [port, 0]))
  const hold = (port: number, more: 1 | -1) => held.set(port, (held.get(port) ?? 0) + more)

  const dial = (incoming: Socket, left: ReadonlyArray<number>): void => {
    const [port, ...others] = left
    if (port === undefined) return void incoming.destroy()
    const localAddress = options.localAddress?.()
    if (localAddress === null) return void incoming.destroy()
    const onward = connect({ host: "127.0.0.1", port, ...(localAddress === undefined ? {} : { localAddress }) })
    const refused = (): void => dial(incoming, others)
    onward.once("error", refused)
    onward.once("connect", () => {
      onward.off("error", refused)
      open.add(onward)
      hold(port, 1)
      onward.once("close", () => hold(port, -1))
      let whole = true
      const pair = { incoming, onward, sever: () => { whole = false } }
      pairs.add(pair)
      for (const [one, other] of [[incoming, onward], [onward, incoming]] as const) {
        const end = (): void => {
          pairs.delete(pair)
          if (whole) other.destroy()
        }
        one.on("error", end)
        one.once("close", () => {
          open.delete(one)
          end()
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
    abandon: () => {
      const forsaken = [...pairs]
      for (const { incoming, onward, sever } of forsaken) {
        sever()
        incoming.unpipe(onward)
        onward.unpipe(incoming)
        // What comes is dropped: not one answer goes back.
        onward.resume()
        incoming.resetAndDestroy()
      }
      return {
        left: () => forsaken.filter(({ onward }) => !onward.destroyed).length,
        end: () => forsaken.forEach(({ onward }) => onward.resetAndDestroy())
      }
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      })
  }
}
