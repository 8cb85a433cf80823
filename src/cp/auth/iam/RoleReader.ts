/**
 * The role as IAM has it now. Receives a proved principal; produces the role with its tags, at most
 * `ROLE_MAX_AGE_MILLIS` old, and dropped as soon as the operator observes another state of it.
 *
 * The operator's observation (EcsTask.role) alone would be as old as the operator is behind; this read alone wouldn't
 * hear of events. A newcomer is let in only where both say yes.
 */
import { GetRoleCommand, IAMClient } from "@aws-sdk/client-iam"
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts"
import { fromTemporaryCredentials } from "@aws-sdk/credential-providers"
import { Cache, Context, Data, Effect, Equal, Exit, Layer, Schedule, Semaphore } from "effect"
import { isType } from "../../../model/Resource.ts"
import type { ObservedRole } from "../../../model/EcsTask.ts"
import type { AwsConfig } from "../../config/ControlPlaneConfig.ts"
import { ResourceCache, type ResourceChange } from "../../snapshot/ResourceCache.ts"
import { NotYetKnown, Refused } from "../Authenticator.ts"
import { IamShare } from "./IamShare.ts"
import type { Principal } from "./judgePrincipal.ts"
import { parseRoleArn } from "./roleArn.ts"
import { isThrottled, roleFailure } from "./roleFailure.ts"

export const ROLE_MAX_AGE_MILLIS = 30_000
const DEADLINE_MILLIS = 5_000
const CONCURRENCY = 8
/** Between an attempt and the only other. */
const AGAIN = Schedule.jittered(Schedule.spaced("200 millis"))

/** A name alone isn't a role: another account has the same one, and a role created anew has another id. */
class RoleKey extends Data.Class<Pick<Principal, "partition" | "accountId" | "roleName" | "roleId">> {}

const keyOf = (role: ObservedRole): ReadonlyArray<RoleKey> => {
  const arn = parseRoleArn(role.arn)
  return arn === undefined
    ? []
    : [new RoleKey({ partition: arn.partition, accountId: arn.accountId, roleName: arn.name, roleId: role.roleId })]
}

/** The roles of which a batch of changes shows another state than before. */
const changedRoles = (changes: ReadonlyArray<ResourceChange>): ReadonlyArray<RoleKey> =>
  changes.flatMap(({ before, after }) => {
    const was = before !== undefined && isType("EcsTask", before) ? before.spec.role : null
    const is = after !== undefined && isType("EcsTask", after) ? after.spec.role : null
    return was === null || Equal.equals(was, is) ? [] : [...keyOf(was), ...(is === null ? [] : keyOf(is))]
  })

export class RoleReader extends Context.Service<
  RoleReader,
  { readonly read: (principal: Principal) => Effect.Effect<ObservedRole, Refused | NotYetKnown> }
>()("ecs-mesh/cp/auth/iam/RoleReader") {
  static readonly layer = (config: AwsConfig): Layer.Layer<RoleReader, never, ResourceCache> =>
    Layer.effect(
      RoleReader,
      Effect.gen(function*() {
        const resources = yield* ResourceCache
        const { iamOf, ownAccount } = yield* makeClients(config)
        const share = yield* IamShare
        const places = yield* Semaphore.make(CONCURRENCY)

        /** Each attempt has a turn of its own. */
        const ask = (key: RoleKey) =>
          Effect.andThen(
            share.take,
            Effect.tryPromise({
              try: (abortSignal) =>
                iamOf(key.accountId).send(new GetRoleCommand({ RoleName: key.roleName }), { abortSignal }),
              catch: (error) => {
                if (isThrottled(error)) share.refused()
                return roleFailure(error, { ...key, sessionName: "" })
              }
            })
          ).pipe(Effect.retry({ times: 1, schedule: AGAIN, while: ({ reason }) => reason === "IamUnavailable" }))

        const lookup = Effect.fn("RoleReader.lookup")(function*(key: RoleKey) {
          const principal = { ...key, sessionName: "" }
          const foreign = Object.hasOwn(config.accountRoles, key.accountId)
          if (!foreign && (yield* ownAccount) !== key.accountId) {
            return yield* new Refused({
              reason: "ForeignAccountUnreadable",
              message: `account ${key.accountId} is authorized, but no role is configured to read its roles' tags: ` +
                "name one for it in ECS_MESH_ACCOUNT_ROLES of the control plane"
            })
          }
          const { Role } = yield* ask(key)
          const arn = Role?.Arn === undefined ? undefined : parseRoleArn(Role.Arn)
          if (
            Role?.Arn === undefined || arn?.partition !== key.partition || arn.accountId !== key.accountId ||
            arn.name !== key.roleName
          ) {
            return yield* roleFailure(undefined, principal)
          }
          if (Role.RoleId !== key.roleId) {
            return yield* new Refused({
              reason: "RoleRecreated",
              message: `the token was made by a role ${key.roleName} that was deleted or created anew: start the ` +
                "task again"
            })
          }
          const tags = Object.fromEntries((Role.Tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]))
          return { arn: Role.Arn, roleId: key.roleId, tags }
        })

        const roles = yield* Cache.makeWith(
          (key: RoleKey) =>
            lookup(key).pipe(
              places.withPermits(1),
              Effect.timeoutOrElse({
                duration: DEADLINE_MILLIS,
                orElse: () => Effect.fail(roleFailure(undefined, { ...key, sessionName: "" }))
              })
            ),
          { capacity: 10_000, timeToLive: (exit) => (Exit.isSuccess(exit) ? ROLE_MAX_AGE_MILLIS : 0) }
        )

        yield* Effect.acquireRelease(
          Effect.sync(() =>
            resources.onChange((changes) => {
              for (const key of changedRoles(changes)) Effect.runSync(Cache.invalidate(roles, key))
            })
          ),
          (stop) => Effect.sync(stop)
        )

        return {
          read: ({ partition, accountId, roleName, roleId }) =>
            Cache.get(roles, new RoleKey({ partition, accountId, roleName, roleId }))
        }
      })
    )
}

const makeClients = (config: AwsConfig) =>
  Effect.gen(function*() {
    const settings = (endpoint: string | null, maxAttempts = 2) => ({
      region: config.region,
      maxAttempts,
      ...(endpoint === null ? {} : { endpoint })
    })
    // IAM's attempts are counted, so the SDK makes one a call.
    const own = new IAMClient(settings(config.endpoints.iam, 1))
    const sts = new STSClient(settings(config.endpoints.sts))
    const foreign = new Map(
      Object.entries(config.accountRoles).map(([accountId, RoleArn]) => [
        accountId,
        new IAMClient({
          ...settings(config.endpoints.iam, 1),
          credentials: fromTemporaryCredentials({
            params: { RoleArn, RoleSessionName: "ecs-mesh-control-plane" },
            clientConfig: settings(config.endpoints.sts)
          })
        })
      ])
    )
    const all = [own, sts, ...foreign.values()]
    yield* Effect.addFinalizer(() => Effect.sync(() => all.forEach((client) => client.destroy())))

    const unknown = new NotYetKnown({
      reason: "OwnAccountUnknown",
      message: "the control plane can't ask AWS STS which account it is in: check its credentials",
      retryAfterMillis: 5_000
    })
    // The account never changes; a failure isn't kept.
    let account: string | undefined
    const ownAccount = Effect.suspend(() =>
      account !== undefined
        ? Effect.succeed(account)
        : Effect.tryPromise({
          try: (abortSignal) => sts.send(new GetCallerIdentityCommand({}), { abortSignal }),
          catch: () => unknown
        }).pipe(
          Effect.flatMap(({ Account }) => Account === undefined ? Effect.fail(unknown) : Effect.succeed(Account)),
          Effect.tap((found) => Effect.sync(() => { account = found }))
        )
    )
    return { iamOf: (accountId: string) => foreign.get(accountId) ?? own, ownAccount }
  })
