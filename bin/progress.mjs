// A line when a step starts to work, and a line with its seconds when it is done.
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`

/** Runs `work`, which gets a function to call before it does anything slow and returns what to say at the end. */
export const step = async (name, work) => {
  const since = performance.now()
  let waiting
  const begin = (doing) => {
    console.log(`  … ${name}: ${doing}`)
    waiting ??= setInterval(() => console.log(`  … ${name}: ${seconds(since)} so far`), 10_000)
  }
  try {
    const said = await work(begin)
    console.log(`  ✓ ${name}: ${said} (${seconds(since)})`)
  } catch (error) {
    console.error(`  ✗ ${name} (${seconds(since)})`)
    throw error
  } finally {
    clearInterval(waiting)
  }
}
