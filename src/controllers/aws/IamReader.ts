/** Reads roles with their tags. An answer is kept, as many tasks share a role and each is looked at often. */
import { GetRoleCommand } from "@aws-sdk/client-iam"
import { Cache, Clock, Context, Effect, Exit, Layer, Queue } from "effect"
import type { ObservedRole } from "../../model/EcsTask.ts"
import { accountOf, lastPart } from "../arn.ts"
import { AwsCallFailed } from "./AwsCallFailed.ts"
import { AwsClients } from "./AwsClients.ts"
import { callAws } from "./callAws.ts"
import { CallBudgets } from "./CallBudgets.ts"
import { CallLane } from "./CallLane.ts"
import { KeptRoles } from "./KeptRoles.ts"

/** A change is told by an event, which forgets the role. Where that was lost, the full look forgets the oldest. */
const REMEMBERED_MILLIS = 300_000

const MOST_ROLES = 10_000

/** Tasks that start bring roles as well. */
const PART_FOR_FULL_LOOKS = 0.5

const notRead = (kind: "absent" | "denied", message: string) =>
  new AwsCallFailed({ service: "IAM", operation: "GetRole", kind, code: "RoleNotRead", message })

export class IamReader extends Context.Service<
  IamReader,
  {
    /**
     * GetRole answers the role's tags as well. `foreign`: ask as the role configured for the role's account.
     * Fails with `absent` where IAM has no such role. An urgent look doesn't wait where it is read anew for the full
     * look's sake alone.
     */
    readonly readRole: (roleArn: string, foreign: boolean) => Effect.Effect<ObservedRole, AwsCallFailed>
    /** The next `readRole` of this role asks IAM, whoever looks. */
    readonly forget: (account: string, roleName: string) => Effect.Effect<void>
    /**
     * The next bulk looks read all roles anew, or as many as can be read within half of the calls of so many seconds:
     * those whose answers are the oldest.
     */
    readonly forgetOldest: (seconds: number) => Effect.Effect<void>
    /** Waits for the next roles that were read anew so, and of which IAM says something else now. */
    readonly nextChanged: Effect.Effect<ReadonlyArray<{ readonly account: string; readonly roleName: string }>>
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
      const kept = new KeptRoles(MOST_ROLES, REMEMBERED_MILLIS)
      const changed = yield* Queue.sliding<string>(MOST_ROLES)
      const clock = yield* Clock.Clock

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

      /** What IAM can't say now may still be so. */
      const lookupAndKeep = (key: string) =>
        Effect.suspend(() => {
          const question = kept.ask()
          const tell = (isChanged: boolean): void => {
            if (isChanged) Queue.offerUnsafe(changed, key)
          }
          return lookup(key).pipe(
            Effect.tap((role) =>
              Effect.sync(() => tell(kept.keep(key, question, role, clock.currentTimeMillisUnsafe())))
            ),
            Effect.tapError(({ kind }) =>
              Effect.sync(() => tell((kind === "absent" || kind === "denied") && kept.lose(key, question)))
            )
          )
        })

      const roles = yield* Cache.makeWith(lookupAndKeep, {
        capacity: MOST_ROLES,
        timeToLive: (exit) => (Exit.isSuccess(exit) ? REMEMBERED_MILLIS : 0)
      })

      return {
        readRole: Effect.fnUntraced(function*(roleArn, foreign) {
          const key = `${foreign ? "foreign" : "own"} ${roleArn}`
          if ((yield* CallLane) === "urgent") {
            const role = kept.of(key, clock.currentTimeMillisUnsafe())
            if (role !== null) return role
            // Another task's look may have asked for it already, and be in no hurry.
            budget.hurry(key)
          }
          return yield* Cache.get(roles, key)
        }),
        forget: Effect.fn("IamReader.forget")(function*(account: string, roleName: string) {
          const isMeant = (key: string): boolean => accountOf(key) === account && lastPart(key) === roleName
          kept.forgetWhere(isMeant)
          for (const key of yield* Cache.keys(roles)) if (isMeant(key)) yield* Cache.invalidate(roles, key)
        }),
        forgetOldest: Effect.fn("IamReader.forgetOldest")(function*(seconds: number) {
          const most = Math.ceil(budget.rate() * PART_FOR_FULL_LOOKS * seconds)
          for (const key of [...asked].slice(0, most)) {
            asked.delete(key)
            yield* Cache.invalidate(roles, key)
          }
        }),
        nextChanged: Effect.map(
          Queue.takeAll(changed),
          (keys) => keys.map((key) => ({ account: accountOf(key), roleName: lastPart(key) }))
        ),
        canRead: (accountId) => iamOf(accountId) !== null
      }
    })
  )
}
