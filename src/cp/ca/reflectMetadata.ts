/**
 * The three functions of the Reflect metadata proposal that `@peculiar/x509`'s dependency container looks for when it
 * is loaded; it decorates nothing, so that a map is all of it. Imported for its effect, before that package.
 */
const kept = new WeakMap<object, Map<unknown, unknown>>()

const defineMetadata = (key: unknown, value: unknown, target: object): void => {
  const ofTarget = kept.get(target) ?? new Map<unknown, unknown>()
  kept.set(target, ofTarget.set(key, value))
}

const getOwnMetadata = (key: unknown, target: object): unknown => kept.get(target)?.get(key)

if (!("getMetadata" in Reflect)) {
  for (const [name, value] of Object.entries({ defineMetadata, getOwnMetadata, getMetadata: getOwnMetadata })) {
    Object.defineProperty(Reflect, name, { value, configurable: true, writable: true })
  }
}
