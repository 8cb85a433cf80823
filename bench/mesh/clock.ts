/** Milliseconds on the machine's monotonic clock, which all processes share: moments of one are compared with another's. */
export const clock = (): number => Number(process.hrtime.bigint()) / 1e6
