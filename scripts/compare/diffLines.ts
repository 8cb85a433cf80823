/** The lines that stand in one text and not in the other, in order: `- ` of the first, `+ ` of the second. Pure. */
export const diffLines = (first: string, second: string): ReadonlyArray<string> => {
  const [before, after] = [first.split("\n"), second.split("\n")]
  const width = after.length + 1
  // The length of the longest common sequence from each pair of places on.
  const common = new Uint32Array((before.length + 1) * width)
  for (let row = before.length - 1; row >= 0; row--) {
    for (let column = after.length - 1; column >= 0; column--) {
      common[row * width + column] = before[row] === after[column]
        ? (common[(row + 1) * width + column + 1] ?? 0) + 1
        : Math.max(common[(row + 1) * width + column] ?? 0, common[row * width + column + 1] ?? 0)
    }
  }
  const lines: Array<string> = []
  let [row, column] = [0, 0]
  while (row < before.length || column < after.length) {
    if (row < before.length && column < after.length && before[row] === after[column]) {
      row++
      column++
    } else if (
      column === after.length ||
      (row < before.length && (common[(row + 1) * width + column] ?? 0) >= (common[row * width + column + 1] ?? 0))
    ) {
      lines.push(`- ${before[row++]}`)
    } else {
      lines.push(`+ ${after[column++]}`)
    }
  }
  return lines
}
