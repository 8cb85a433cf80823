// npm ends by a signal without passing it on to what it runs, which then lives on as nobody's child. So what npm runs
// looks each second whether its parent is still there, and ends itself as by SIGTERM where it isn't. What was started
// without npm may well outlive its parent, a script that ends say, and is left alone.
const EVERY_MILLIS = 1_000

export const endWithNpm = () => {
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    process.kill(process.pid, "SIGTERM")
  }, EVERY_MILLIS)
  timer.unref()
}
