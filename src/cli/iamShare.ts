/** The door and the operator ask IAM out of one share of the account's quota. Composition only. */
import { Effect, Layer } from "effect"
import { CallBudgets } from "../controllers/aws/CallBudgets.ts"
import { IamShare } from "../cp/auth/iam/IamShare.ts"

export const iamShare: Layer.Layer<never, never, CallBudgets> = Layer.effect(
  IamShare,
  Effect.map(CallBudgets, ({ roles }) => ({ take: roles.take("urgent"), refused: roles.refused }))
)
