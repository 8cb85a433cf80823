/** In one walk: as a regular expression it takes the square of what a stranger sends. */
export const withoutTrailingSlashes = (path: string): string => {
  let end = path.length
  while (end > 0 && path[end - 1] === "/") end -= 1
  return path.slice(0, end)
}
