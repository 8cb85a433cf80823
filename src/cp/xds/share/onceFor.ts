/** A function that makes its answer once for each object, and keeps it for as long as that object is there. */
export const onceFor = <K extends object, V>(make: (key: K) => V): (key: K) => V => {
  const made = new WeakMap<K, V>()
  return (key) => {
    const before = made.get(key)
    if (before !== undefined) return before
    const after = make(key)
    made.set(key, after)
    return after
  }
}
