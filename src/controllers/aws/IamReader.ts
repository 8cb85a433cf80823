/** Reads roles with their tags. An answer is kept, as many tasks share a role and each is looked at often. */
import { GetRoleCommand } from "@aws-sdk/client-iam"
import { Cache, Context, Effect, Exit, Layer } from "effect"
import type { ObservedRole } from "../../model/EcsTask.ts"
import { accountOf, lastPart } from "../arn.ts"
import { AwsCallFailed } from "./AwsCallFailed.ts"
import { AwsClients } from "./AwsClients.ts"
import { callAws } from "./callAws.ts"
import { CallBudgets } from "./CallBudgets.ts"
import { CallLane } from "./CallLane.ts"

/** A change is told by an event, which forgets the role. Where that was lost, the full look forgets the oldest. */
const REMEMBERED = "5 minutes"

/** Tasks that start bring roles as well. */
const PART_FOR_FULL_LOOKS = 0.5

const notRead = (kind: "absent" | "denied", message: string) =>
  new AwsCallFailed({ service: "IAM", operation: "GetRole", kind, code: "RoleNotRead", message })

export class IamReader extends Context.Service<
  IamReader,
  {
    /**
     * GetRole answers the role's tags as well. `foreign`: ask as the role configured for the role's account.
     * Fails with `absent` where IAM has no such role.
     */
    readonly readRole: (roleArn: string, foreign: boolean) => Effect.Effect<ObservedRole, AwsCallFailed>
    /** The next `readRole` of this role asks IAM. */
    readonly forget: (account: string, roleName: string) => Effect.Effect<void>
    /**
     * Forgets all roles, or as many as can be read anew within half of the calls of so many seconds: those whose answers
     * are the oldest.
     */
    readonly forgetOldest: (seconds: number) => Effect.Effect<void>
    /** Whether roles of a foreign account can be read at all. */
    readonly canRead: (accountId: string) => boolean
  }
>()("ecs-mesh/controllers/aws/IamReader") {
  static readonly layer: Layer.Layer<IamReader, never, AwsClients | CallBudgets> = Layer.effect(
    IamReader,
    Effect.gen(function*() {
      const { iam, iamOf } = yield* AwsClients
      const { roles: budget } = yield* CallBudgets
      /** Roles that IAM was asked for, those first whose answers are the oldest. */
      const asked = new Set<string>()

      const lookup = Effect.fn("IamReader.lookup")(function*(
        key: string
      ): Effect.fn.Return<ObservedRole, AwsCallFailed> {
        asked.delete(key)
        asked.add(key)
        const foreign = key.startsWith("foreign ")
        const roleArn = key.slice(key.indexOf(" ") + 1)
        const client = foreign ? iamOf(accountOf(roleArn)) : iam
        if (client === null) {
          return yield* notRead("denied", `no role is configured through which ${roleArn} could be read`)
        }
        const { Role } = yield* callAws({
          service: "IAM",
          operation: "GetRole",
          budget,
          name: key,
          run: (abortSignal) => client.send(new GetRoleCommand({ RoleName: lastPart(roleArn) }), { abortSignal })
        })
        // GetRole goes by name within the caller's account: a namesake in another account is somebody else.
        if (Role?.Arn === undefined || Role.RoleId === undefined || accountOf(Role.Arn) !== accountOf(roleArn)) {
          return yield* notRead("absent", `the account that was asked has no role ${roleArn}`)
        }
        return {
          arn: Role.Arn,
          roleId: Role.RoleId,
          tags: Object.fromEntries((Role.Tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]))
        }
      })

      const roles = yield* Cache.makeWith(lookup, {
        capacity: 10_000,
        timeToLive: (exit) => (Exit.isSuccess(exit) ? REMEMBERED : 0)
      })

      return {
        readRole: Effect.fnUntraced(function*(roleArn, foreign) {
          const key = `${foreign ? "foreign" : "own"} ${roleArn}`
          // Another task's look may have asked for it already, and be in no hurry.
          if ((yield* CallLane) === "urgent") budget.hurry(key)
          return yield* Cache.get(roles, key)
        }),
        forget: Effect.fn("IamReader.forget")(function*(account: string, roleName: string) {
          for (const key of yield* Cache.keys(roles)) {
            if (accountOf(key) === account && lastPart(key) === roleName) yield* Cache.invalidate(roles, key)
          }
        }),
        forgetOldest: Effect.fn("IamReader.forgetOldest")(function*(seconds: number) {
          const most = Math.ceil(budget.rate() * PART_FOR_FULL_LOOKS * seconds)
          for (const key of [...asked].slice(0, most)) {
            asked.delete(key)
            yield* Cache.invalidate(roles, key)
          }
        }),
        canRead: (accountId) => iamOf(accountId) !== null
      }
    })
  )
}
