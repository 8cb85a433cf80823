/**
 * What a writer says must hold of what is there, so that nobody writes over what he hasn't read. An ETag names the
 * version that is stored; what is computed when it is read isn't part of it. Pure.
 * https://www.rfc-editor.org/rfc/rfc9110#section-13.1
 */
import type { IncomingHttpHeaders } from "node:http"
import type { Resource } from "../../model/Resource.ts"
import { preconditionFailed, type Refusal } from "./Refusal.ts"

export interface Preconditions {
  /** The header, null where there is none. */
  readonly ifMatch: string | null
  readonly ifNoneMatch: string | null
}

export const readPreconditions = (headers: IncomingHttpHeaders): Preconditions => ({
  ifMatch: headers["if-match"] ?? null,
  ifNoneMatch: headers["if-none-match"] ?? null
})

export const etagOf = ({ version }: Pick<Resource, "version">): string => `"${version}"`

/** Whether one of the list is this; `*`: whichever there is. */
const names = (header: string, etag: string, isWeak: boolean): boolean =>
  header.trim() === "*" ||
  header.split(",").map((one) => one.trim()).some((one) => (isWeak ? one.replace(/^W\//, "") : one) === etag)

/** Null: they hold. `current`: what is there, or null. */
export const judgePreconditions = (
  { ifMatch, ifNoneMatch }: Preconditions,
  current: Resource | null
): Refusal | null => {
  const etag = current === null ? null : etagOf(current)
  if (ifMatch !== null && (etag === null || !names(ifMatch, etag, false))) {
    return preconditionFailed(etag === null ? "there is nothing that If-Match could name" : `If-Match isn't ${etag}`)
  }
  return ifNoneMatch !== null && etag !== null && names(ifNoneMatch, etag, true)
    ? preconditionFailed(`there is ${etag}, which If-None-Match forbids`)
    : null
}

/** Whether its writer said what must hold: who lost to somebody else is then told in these terms. */
export const isConditional = ({ ifMatch, ifNoneMatch }: Preconditions): boolean =>
  ifMatch !== null || ifNoneMatch !== null
