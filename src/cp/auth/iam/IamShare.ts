/**
 * What may be asked of IAM, where others of this process ask it as well: AWS counts the account's calls, not whose they
 * are. Whoever composes says it.
 */
import { Context, Effect } from "effect"

export interface IamShareShape {
  /** Waits for a call's turn: whoever is at the door is urgent. */
  readonly take: Effect.Effect<void>
  /** IAM refused a call, as there were too many. */
  readonly refused: () => void
}

/** Where nobody says it, all that RoleReader asks at a time. */
export const IamShare = Context.Reference<IamShareShape>("ecs-mesh/cp/auth/iam/IamShare", {
  defaultValue: () => ({ take: Effect.void, refused: () => {} })
})
