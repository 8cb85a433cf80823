/**
 * Data that JSON says all of, so that equal JSON means equal data. A Map, a function, a bigint or bytes, of which it
 * says nothing or something else, become `never`. What has a `toJSON` answers for that itself.
 */
export type Plain<T> = T extends string | number | boolean | null | undefined ? T
  : T extends { toJSON(): string } ? T
  : T extends bigint | symbol | ((...args: never) => unknown) | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown> |
    ArrayBufferView ? never
  : { readonly [K in keyof T]: Plain<T[K]> }
