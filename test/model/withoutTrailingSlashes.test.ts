import { expect, it } from "vitest"
import { withoutTrailingSlashes } from "../../src/model/withoutTrailingSlashes.ts"

it.each([["", ""], ["/", ""], ["/a//", "/a"], ["//a/b", "//a/b"]])("%j loses its last slashes: %j", (path, without) => {
  expect(withoutTrailingSlashes(path)).toBe(without)
})
