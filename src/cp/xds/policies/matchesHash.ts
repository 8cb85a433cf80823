/** The name of a route: Kuma's hash of its matches, by which rules of several MeshHTTPRoutes are told to be one. */
import { hash } from "node:crypto"
import type { RouteMatch } from "../../../model/MeshHTTPRoute.ts"
import { onceFor } from "../share/onceFor.ts"

/**
 * Fields in the order of Kuma's types; its JSON has no bare `<`, `>` and `&`.
 * https://pkg.go.dev/encoding/json#Marshal
 */
const plain = ({ headers, method, path, queryParams }: RouteMatch) => ({
  ...(path === undefined ? {} : { path: { value: path.value, type: path.type } }),
  ...(method === undefined ? {} : { method }),
  ...(queryParams === undefined
    ? {}
    : { queryParams: queryParams.map(({ name, type, value }) => ({ type, name, value })) }),
  ...(headers === undefined ? {} : {
    headers: headers.map(({ name, type, value }) => ({ type, name, ...(value ? { value } : {}) }))
  })
})

const ESCAPED: Readonly<Record<string, string>> = {
  "<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"
}

export const matchesJson = (matches: ReadonlyArray<RouteMatch>): string =>
  JSON.stringify(matches.map(plain)).replaceAll(/[<>&\u2028\u2029]/g, (one) => ESCAPED[one] ?? one)

export const hashOfMatches = onceFor((matches: ReadonlyArray<RouteMatch>): string =>
  hash("sha256", matchesJson(matches), "base64"))
