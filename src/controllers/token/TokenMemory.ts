/** What the controller remembers of one service's secret between two looks; a restart may forget it. */
import { Equal } from "effect"
import type { TokenCondition } from "./decideToken.ts"

const HOUR = 3_600_000

export class TokenMemory {
  private written: Array<number> = []
  private told: ReadonlyArray<TokenCondition> = []
  private vain: { readonly version: string; readonly attempts: number } = { version: "", attempts: 0 }

  /** Times of our writes within the last hour (Unix milliseconds), oldest first. */
  writes(now: number): ReadonlyArray<number> {
    this.written = this.written.filter((at) => at > now - HOUR)
    return [...this.written]
  }

  wrote(now: number): void {
    this.written.push(now)
  }

  /** How often this version was written over in vain. */
  attempts(version: string): number {
    return this.vain.version === version ? this.vain.attempts : 0
  }

  beaten(version: string): void {
    this.vain = { version, attempts: this.attempts(version) + 1 }
  }

  /** Whether these statements differ from those of the last call. */
  isNews(conditions: ReadonlyArray<TokenCondition>): boolean {
    if (Equal.equals(this.told, conditions)) return false
    this.told = conditions
    return true
  }
}
