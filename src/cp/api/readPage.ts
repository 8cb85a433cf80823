/** Which part of a list is asked for, and where the next part is. */
import { Effect } from "effect"
import type { ApiRequest } from "./ApiRequest.ts"
import { invalidPage, type Refusal } from "./Refusal.ts"

export interface Page {
  readonly size: number
  readonly offset: number
}

const DEFAULT_SIZE = 100
const MAX_SIZE = 1000

const refuseSize = (message: string) => Effect.fail(invalidPage({ field: "size", message }))

export const readPage = (query: URLSearchParams): Effect.Effect<Page, Refusal> => {
  const size = query.get("size") || String(DEFAULT_SIZE)
  const offset = query.get("offset") || "0"
  if (!/^[+-]?\d+$/.test(size)) return refuseSize("invalid format")
  if (Number(size) <= 0) return refuseSize("must be greater than 0")
  if (Number(size) > MAX_SIZE) {
    return refuseSize(`invalid page size of ${Number(size)}. Maximum page size is ${MAX_SIZE}`)
  }
  if (!/^\d{1,9}$/.test(offset)) {
    return Effect.fail(invalidPage({ field: "offset", message: "invalid offset: must be a non-negative number" }))
  }
  return Effect.succeed({ size: Number(size), offset: Number(offset) })
}

/** Absolute, under the host that the client asked, or null at the end. */
export const nextLink = (request: ApiRequest, { offset, size }: Page, total: number): string | null => {
  if (offset + size >= total) return null
  const query = new URLSearchParams(request.query)
  query.set("offset", String(offset + size))
  query.sort()
  return `${request.scheme}://${request.host}${request.rawPath}?${query.toString()}`
}
