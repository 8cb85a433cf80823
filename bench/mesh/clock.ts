/** Milliseconds on the machine's monotonic clock. All processes share it: their moments can be compared. */
export const clock = (): number => Number(process.hrtime.bigint()) / 1e6
