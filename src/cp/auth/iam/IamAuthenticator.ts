/**
 * aws-iam: a presigned GetCallerIdentity becomes an identity that is bound to one running task.
 *
 *     token -decodeEnvelope-> URL -parsePresignedUrl-> values -checkScope-> call -rebuildRequest-> request
 *     -STS-> caller -judgePrincipal, judgeAccount-> principal -judgeTask, IAM, judgeRoleTags, SignatureLedger-> identity
 *
 * Receives one credential and the claim; never forwards what it received, never lets in on a guess.
 */
import { Clock, Effect, Result } from "effect"
import { bindingValue } from "../../../model/bindingValue.ts"
import { proxyKey } from "../../../model/proxyResource.ts"
import { nodeId } from "../../../model/ProxyType.ts"
import type { AuthConfig, AwsConfig } from "../../config/ControlPlaneConfig.ts"
import { ResourceCache } from "../../snapshot/ResourceCache.ts"
import { type Identity, NotYetKnown, type ProxyClaim, Refused } from "../Authenticator.ts"
import { declaredProxy } from "../declaredProxy.ts"
import { judgeOnce } from "../judgeOnce.ts"
import { checkScope } from "./checkScope.ts"
import { decodeEnvelope } from "./decodeEnvelope.ts"
import { judgeAccount } from "./judgeAccount.ts"
import { judgePrincipal } from "./judgePrincipal.ts"
import { judgeRoleTags } from "./judgeRoleTags.ts"
import { judgePeer, judgeTask, type SessionOfRole, taskNotSeen } from "./judgeTask.ts"
import { parsePresignedUrl } from "./parsePresignedUrl.ts"
import { rebuildRequest } from "./rebuildRequest.ts"
import { parseRoleArn } from "./roleArn.ts"
import { RoleReader } from "./RoleReader.ts"
import type { SignatureLedger } from "./SignatureLedger.ts"
import type { StsClient } from "./StsClient.ts"
import type { StsHost } from "./stsHosts.ts"

export type IamIdentity = Extract<Identity, { readonly method: "aws-iam" }>

export interface IamAuthenticator {
  readonly authenticate: (credential: string, claim: ProxyClaim) => Effect.Effect<IamIdentity, Refused | NotYetKnown>
  readonly lost: (identity: IamIdentity, claim: ProxyClaim) => Refused | null
}

export interface IamOptions {
  readonly auth: AuthConfig
  readonly aws: AwsConfig
  readonly audience: string
  readonly hosts: ReadonlyArray<StsHost>
  readonly sts: StsClient
  readonly ledger: SignatureLedger
}

export const makeIamAuthenticator = (
  { auth, aws, audience, hosts, sts, ledger }: IamOptions
): Effect.Effect<IamAuthenticator, never, ResourceCache | RoleReader> =>
  Effect.gen(function*() {
    const resources = yield* ResourceCache
    const roles = yield* RoleReader

    const taskOf = (taskId: string) => resources.get({ type: "EcsTask", mesh: "", name: taskId })?.spec

    /** What the cache alone says: of account, task and the role's tags as the operator observes them. */
    const judgeObserved = (session: SessionOfRole, claim: ProxyClaim): Result.Result<void, Refused | NotYetKnown> =>
      Result.gen(function*() {
        const task = taskOf(session.sessionName)
        const declared = declaredProxy(resources, claim)
        yield* judgeAccount(session.accountId, aws.authorizedAccountIds)
        yield* judgeTask({
          task,
          session,
          claim,
          declaredAddress: declared?.address,
          checkPeerAddress: auth.checkPeerAddress
        })
        if (task?.role != null) yield* judgeRoleTags(task.role, claim, declared)
      })

    const authenticate = Effect.fnUntraced(function*(credential: string, claim: ProxyClaim) {
      const now = yield* Clock.currentTimeMillis
      const url = yield* Effect.fromResult(decodeEnvelope(credential))
      const presigned = yield* Effect.fromResult(parsePresignedUrl(url, hosts))
      const call = yield* Effect.fromResult(checkScope(presigned, now))
      // A claim to a task that nobody has seen is no reason to call AWS, nor is one from elsewhere than the task.
      const claimed = taskOf(claim.name)
      if (claimed === undefined) return yield* Effect.fromResult(taskNotSeen())
      if (auth.checkPeerAddress) yield* Effect.fromResult(judgePeer(claimed, claim))

      const caller = yield* sts.identify(rebuildRequest(call, auth.stsEndpoint, bindingValue(audience, claim)))
      const principal = yield* Effect.fromResult(judgePrincipal(caller, aws.partition))

      yield* Effect.fromResult(judgeObserved(principal, claim))
      const role = yield* roles.read(principal)
      yield* Effect.fromResult(judgeRoleTags(role, claim, declaredProxy(resources, claim)))
      // Again: the task may have stopped, or its role's tags gone, while IAM was asked.
      yield* Effect.fromResult(judgeObserved(principal, claim))
      if (taskOf(claim.name)?.taskRoleArn !== role.arn) {
        return yield* new Refused({
          reason: "RoleMismatch",
          message: `the token's role is ${role.arn}, which isn't the task's: run the sidecar with the credentials ` +
            "that ECS gives the task"
        })
      }

      // Last: only who is let in takes a place in the ledger, so nobody else can fill it.
      const owner = `${claim.proxyType} ${nodeId(claim)}`
      const remembered = yield* ledger.claim(call.signature, owner, call.expiresAt, now)
      if (remembered === "foreign") {
        return yield* new Refused({ reason: "TokenReplayed", message: "the token was brought by another proxy before" })
      }
      if (remembered === "full") {
        return yield* new NotYetKnown({
          reason: "TooManyTokens",
          message: "more proxies join at once than the control plane remembers tokens of",
          retryAfterMillis: 10_000
        })
      }
      return {
        method: "aws-iam" as const,
        partition: principal.partition,
        accountId: principal.accountId,
        roleArn: role.arn,
        roleId: role.roleId,
        taskId: principal.sessionName,
        roleTags: role.tags
      }
    })

    const judgeLost = (identity: IamIdentity, claim: ProxyClaim): Refused | null => {
      if (taskOf(identity.taskId) === undefined) {
        return new Refused({ reason: "TaskGone", message: "the operator doesn't see the task any more" })
      }
      const roleName = parseRoleArn(identity.roleArn)?.name ?? ""
      const judged = judgeObserved({ ...identity, roleName, sessionName: identity.taskId }, claim)
      // What is late to be observed takes no right away: streams outlive an outage of AWS.
      return Result.isFailure(judged) && judged.failure._tag === "Refused" ? judged.failure : null
    }

    const lost = judgeOnce<IamIdentity>(
      (identity, claim) => [
        resources.get({ type: "EcsTask", mesh: "", name: identity.taskId }),
        resources.get(proxyKey(claim))
      ],
      judgeLost
    )

    return { authenticate, lost }
  })
