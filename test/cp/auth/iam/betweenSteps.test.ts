// What may go wrong between two steps of the way, each of which goes well.
import { Effect, Layer, ManagedRuntime } from "effect"
import { describe, expect, it } from "vitest"
import { Authenticator, type ProxyClaim } from "../../../../src/cp/auth/Authenticator.ts"
import { authenticatorLayer } from "../../../../src/cp/auth/authenticatorLayer.ts"
import { makeIamAuthenticator } from "../../../../src/cp/auth/iam/IamAuthenticator.ts"
import { RoleReader } from "../../../../src/cp/auth/iam/RoleReader.ts"
import { makeSignatureLedger, type SignatureLedger } from "../../../../src/cp/auth/iam/SignatureLedger.ts"
import { makeStsClient } from "../../../../src/cp/auth/iam/StsClient.ts"
import { ResourceCache } from "../../../../src/cp/snapshot/ResourceCache.ts"
import type { EcsTask, ObservedRole } from "../../../../src/model/EcsTask.ts"
import { OWN_ACCOUNT } from "../support/emulatedAws.ts"
import {
  authConfig,
  awsConfig,
  observe,
  openDoor,
  roleName,
  tokenOf,
  urlOf,
  useEmulatedAws,
  workload
} from "../support/iamDoor.ts"
import { type ResourcesInMemory, resourcesInMemory } from "../support/resourcesInMemory.ts"
import { answerJson, identityJson, startScriptedSts } from "../support/scriptedSts.ts"
import { AUDIENCE, HOSTS } from "../support/signed.ts"
import { taskKey, taskOf } from "../support/taskOf.ts"
import { reasonOf } from "../support/verdict.ts"

useEmulatedAws()

describe("between the steps", () => {
  /** The authenticator alone, around other neighbours. */
  const judge = (
    resources: ResourcesInMemory,
    { claim, token, ledger, role }: {
      readonly claim: ProxyClaim
      readonly token: string
      readonly ledger: SignatureLedger
      readonly role: () => ObservedRole
    }
  ): Promise<string> =>
    Effect.runPromise(
      Effect.gen(function*() {
        const { authenticate } = yield* makeIamAuthenticator({
          auth: authConfig(),
          aws: awsConfig(),
          audience: AUDIENCE,
          hosts: HOSTS,
          sts: yield* makeStsClient(),
          ledger
        })
        return reasonOf(yield* Effect.result(authenticate(token, claim)))
      }).pipe(
        Effect.provide(Layer.succeed(RoleReader, { read: () => Effect.sync(role) })),
        Effect.provide(resources.layer)
      )
    )

  const ready = async () => {
    const resources = resourcesInMemory()
    const task = await workload()
    resources.put(taskKey(task.taskId), taskOf(task.taskId, task.role))
    const token = await tokenOf(task)
    return { resources, task, token, claim: task.claim, ledger: makeSignatureLedger(), role: () => task.role }
  }

  it("refuses a signature that another proxy has brought before", async () => {
    const { resources, token, ...others } = await ready()
    expect(await judge(resources, { token, ...others })).toBe("accepted")
    const signature = new URL(urlOf(token)).searchParams.get("X-Amz-Signature") ?? ""
    const ledger = makeSignatureLedger()
    await Effect.runPromise(ledger.claim(signature, "dataplane default.other", Date.now() + 60_000, Date.now()))
    expect(await judge(resources, { token, ...others, ledger })).toBe("Refused: TokenReplayed")
  })

  it("lets nobody in whose signature it couldn't remember", async () => {
    const { resources, ...others } = await ready()
    expect(await judge(resources, { ...others, ledger: makeSignatureLedger(0) })).toBe("NotYetKnown: TooManyTokens")
  })

  it("takes no place in the ledger for who isn't let in", async () => {
    const { resources, task, ...others } = await ready()
    const ledger = makeSignatureLedger(1)
    const recreated = () => ({ ...task.role, tags: {} })
    expect(await judge(resources, { ...others, ledger, role: recreated })).toBe("Refused: RoleTagMissing")
    const again = { ...others, ledger, token: await tokenOf(task, { now: Date.now() - 5_000 }) }
    expect(await judge(resources, again)).toBe("accepted")
  })

  it("refuses a replay at the door though STS vouches for whoever brings the token", async () => {
    const [owner, thief] = [await workload(), await workload()]
    let asked = 0
    const sts = await startScriptedSts((response, request) => {
      const { role, taskId } = asked === 0 ? owner : thief
      asked += 1
      const arn = `arn:aws:sts::${OWN_ACCOUNT}:assumed-role/${roleName(role.arn)}/${taskId}`
      answerJson(200, identityJson(OWN_ACCOUNT, arn, `${role.roleId}:${taskId}`))(response, request)
    })
    try {
      const door = openDoor({ auth: { stsEndpoint: sts.endpoint } })
      observe(door, owner)
      observe(door, thief)
      const token = await tokenOf(owner)
      expect(await door.enter(token, owner.claim)).toMatchObject({ taskId: owner.taskId })
      expect(await door.enter(token, thief.claim)).toBe("Refused: TokenReplayed")
      expect(await door.enter(token, owner.claim)).toMatchObject({ taskId: owner.taskId })
    } finally {
      await sts.stop()
    }
  })

  it("refuses a task that stopped, and a role that lost a tag, while IAM was asked", async () => {
    const { resources, task, ...others } = await ready()
    const during = (change: Partial<EcsTask>) => () => {
      resources.put(taskKey(task.taskId), taskOf(task.taskId, task.role, change))
      return task.role
    }
    expect(await judge(resources, { ...others, role: during({ lastStatus: "STOPPED" }) })).toBe(
      "Refused: TaskStopped"
    )
    during({})()
    const role = { ...task.role, tags: {} }
    expect(await judge(resources, { ...others, role: during({ role }) })).toBe("Refused: RoleTagMissing")
  })

  it("doesn't call AWS for a task that nobody has seen", async () => {
    const sts = await startScriptedSts(answerJson(500, "{}"))
    try {
      const door = openDoor({ auth: { stsEndpoint: sts.endpoint } })
      const task = await workload()
      expect(await door.enter(await tokenOf(task), task.claim)).toBe("NotYetKnown: TaskNotObserved")
      expect(sts.requests).toHaveLength(0)
      observe(door, task)
      expect(await door.enter(await tokenOf(task), task.claim)).toBe("NotYetKnown: StsUnavailable")
      expect(sts.requests).toHaveLength(1)
    } finally {
      await sts.stop()
    }
  })

  it("doesn't call AWS for a connection that doesn't come from the task, unless addresses are hidden", async () => {
    const sts = await startScriptedSts(answerJson(500, "{}"))
    try {
      const task = await workload()
      const token = await tokenOf(task)
      const elsewhere = { ...task.claim, peerAddress: "10.0.0.8" }
      for (const [checkPeerAddress, reason, calls] of [
        [true, "Refused: PeerAddressMismatch", 0],
        [false, "NotYetKnown: StsUnavailable", 1]
      ] as const) {
        const door = openDoor({ auth: { stsEndpoint: sts.endpoint, checkPeerAddress } })
        observe(door, task)
        expect(await door.enter(token, elsewhere)).toBe(reason)
        expect(sts.requests).toHaveLength(calls)
      }
    } finally {
      await sts.stop()
    }
  })

  it("a fault of our own lets nobody in and takes no door down", async () => {
    const runtime = ManagedRuntime.make(
      authenticatorLayer({ auth: authConfig(), aws: awsConfig(), zone: "zone-1", audience: AUDIENCE }).pipe(
        Layer.provide(Layer.succeed(ResourceCache, {
          get: () => { throw new Error("a fault") },
          list: () => [],
          onChange: () => () => {}
        }))
      )
    )
    const task = await workload()
    const token = await tokenOf(task)
    const judged = Authenticator.use(({ authenticate }) => Effect.flip(authenticate([token], task.claim)))
    try {
      expect(await runtime.runPromise(judged)).toMatchObject({ _tag: "NotYetKnown", reason: "AuthenticationFaulty" })
    } finally {
      await runtime.dispose()
    }
  })
})
