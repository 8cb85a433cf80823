/**
 * What was told of already, so that it is told once. Bounded: of what has been gone for long nobody may ever say that
 * it is gone, so the oldest are forgotten, and told of again should they still be there.
 */
const MOST = 100_000

export class ToldOnce {
  private readonly told = new Set<string>()
  private readonly most: number

  constructor(most: number = MOST) {
    this.most = most
  }

  /** Whether nobody asked about it before; from now on somebody did. */
  isNews(key: string): boolean {
    if (this.told.has(key)) return false
    this.told.add(key)
    const [oldest] = this.told
    if (oldest !== undefined && this.told.size > this.most) this.told.delete(oldest)
    return true
  }

  forget(key: string): void {
    this.told.delete(key)
  }
}
