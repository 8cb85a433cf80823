/**
 * What IAM said last of each role, for looks that can't wait until it is read anew: the full look has many roles read,
 * and IAM's quota may take long to let them through. Bounded; plain counting, asks nobody.
 */
import { isDeepStrictEqual } from "node:util"
import type { ObservedRole } from "../../model/EcsTask.ts"

interface Kept {
  readonly role: ObservedRole
  /** Unix milliseconds. */
  readonly until: number
  /** Which of all questions it answers. */
  readonly question: number
}

export class KeptRoles {
  private readonly roles = new Map<string, Kept>()
  private readonly most: number
  private readonly millis: number

  private questions = 0
  /** Answers to questions up to this one may be of before what made somebody forget. */
  private forgottenAt = 0

  /** So many, each for so long. */
  constructor(most: number, millis: number) {
    this.most = most
    this.millis = millis
  }

  of(key: string, now: number): ObservedRole | null {
    const kept = this.roles.get(key)
    return kept === undefined || kept.until <= now ? null : kept.role
  }

  /** To be called when IAM is asked: what `keep` and `lose` want to know. */
  ask(): number {
    return this.questions += 1
  }

  /** Answers whether something else was kept. */
  keep(key: string, question: number, role: ObservedRole, now: number): boolean {
    if (this.isLate(key, question)) return false
    const before = this.roles.get(key)
    this.roles.delete(key)
    this.roles.set(key, { role, until: now + this.millis, question })
    const [oldest] = this.roles.keys()
    if (oldest !== undefined && this.roles.size > this.most) this.roles.delete(oldest)
    return before !== undefined && !isDeepStrictEqual(before.role, role)
  }

  /** IAM has no such role, or doesn't show it. Answers whether one was kept. */
  lose(key: string, question: number): boolean {
    return !this.isLate(key, question) && this.roles.delete(key)
  }

  forgetWhere(isMeant: (key: string) => boolean): void {
    this.forgottenAt = this.questions
    for (const key of this.roles.keys()) if (isMeant(key)) this.roles.delete(key)
  }

  private isLate(key: string, question: number): boolean {
    return question <= this.forgottenAt || question < (this.roles.get(key)?.question ?? 0)
  }
}
