/**
 * Writes one message at a time: of those that come while the peer doesn't read, the newest, which says all that the
 * others said.
 */
export const newestOnly = (
  /** Calls back once the peer's flow-control window has the bytes, or why it won't. */
  write: (bytes: Buffer, done: (error?: Error | null) => void) => void
): ((bytes: Buffer) => void) => {
  let isWriting = false
  let next: Buffer | null = null
  const send = (bytes: Buffer): void => {
    if (isWriting) {
      next = bytes
      return
    }
    isWriting = true
    write(bytes, (error) => {
      const newest = next
      next = null
      isWriting = false
      if (newest !== null && !error) send(newest)
    })
  }
  return send
}
