/** `file`: where the text stands, if not in the mutant's own file. */
export type Edit = readonly [text: string, replacement: string, file?: string]

/** A check taken out of the door, or loosened, and the test that must then turn red. */
export interface Mutant {
  /** Number of the refusal in docs/refusals.md. */
  readonly refusal: number
  /** What is taken out, in words. */
  readonly check: string
  readonly file: string
  /** Texts that occur once in their file, each with what stands there instead. */
  readonly edits: ReadonlyArray<Edit>
  readonly test: {
    readonly file: string
    /** Title, or its start, of the test or the group of tests. */
    readonly title: string
  }
}

/** One edit of one file. */
export const mutant = (
  refusal: number,
  check: string,
  file: string,
  edit: Edit,
  testFile: string,
  title: string
): Mutant => ({
  refusal,
  check,
  file: `src/${file}`,
  edits: [edit],
  test: { file: `test/cp/${testFile}`, title }
})
