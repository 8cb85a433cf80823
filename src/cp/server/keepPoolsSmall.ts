/**
 * Node cuts small buffers from slabs of 64 KiB, and one of them that lives keeps its whole slab. Of each connection and
 * of each resource some do, among thousands that don't: slabs were a third of what a proxy took.
 * https://nodejs.org/api/buffer.html#bufferpoolsize
 */
const SLAB_BYTES = 4 * 1024

/** For the whole process, from the next slab on. */
export const keepPoolsSmall = (): void => {
  Buffer.poolSize = SLAB_BYTES
}
