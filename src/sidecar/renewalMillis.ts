/**
 * Milliseconds until a token that is made at `now` is to be replaced. The control plane takes it for 15 minutes and
 * Envoy may read the file at any time, so it never grows older than 5; and where the credentials behind it end
 * earlier, the new one is there two minutes before (ECS hands out new ones well ahead of that).
 */
export const renewalMillis = (now: Date, credentialsEnd: Date | undefined): number => {
  const left = credentialsEnd === undefined ? Infinity : credentialsEnd.getTime() - now.getTime() - 120_000
  return Math.max(10_000, Math.min(300_000, left))
}
