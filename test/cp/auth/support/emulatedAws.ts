// IAM roles and their sessions in the emulated AWS that verifies signatures, with our translator in front of its STS.
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand
} from "@aws-sdk/client-iam"
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts"
import { startStsJsonProxy } from "../../../../localstack/StsJsonProxy.ts"
import type { TaskCredentials } from "../../../../src/sidecar/presign.ts"
import { startMinistack } from "../../../support/startMinistack.ts"

export interface EmulatedAws {
  /** Of the emulator, for the SDK. */
  readonly endpoint: string
  /** Of the translator, for ECS_MESH_STS_ENDPOINT. */
  readonly stsEndpoint: string
  readonly createRole: (options: RoleOptions) => Promise<CreatedRole>
  readonly tagRole: (name: string, tags: Readonly<Record<string, string>>) => Promise<void>
  readonly untagRole: (name: string, tag: string) => Promise<void>
  readonly deleteRole: (name: string) => Promise<void>
  readonly allowAll: (name: string, account: string) => Promise<void>
  readonly assume: (roleArn: string, session: string) => Promise<TaskCredentials>
  readonly stop: () => Promise<void>
}

export interface CreatedRole {
  readonly arn: string
  readonly roleId: string
}

export interface RoleOptions {
  readonly name: string
  readonly tags?: Readonly<Record<string, string>>
  readonly path?: string
  readonly account?: string
}

export const OWN_ACCOUNT = "000000000000"

const trustEveryone = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: "*", Action: "sts:AssumeRole" }]
})

const tagList = (tags: Readonly<Record<string, string>>) => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))

export const startEmulatedAws = async (): Promise<EmulatedAws> => {
  const emulator = await startMinistack({ events: false })
  const proxy = await startStsJsonProxy({ emulator: emulator.endpoint })
  // Twelve digits as the key: root of that account.
  const settings = (account: string) => ({
    region: emulator.region,
    endpoint: emulator.endpoint,
    credentials: { accessKeyId: account, secretAccessKey: "root" }
  })
  const iam = (account = OWN_ACCOUNT) => new IAMClient(settings(account))
  return {
    endpoint: emulator.endpoint,
    stsEndpoint: proxy.endpoint,
    createRole: async ({ name, tags = {}, path = "/", account }) => {
      const { Role } = await iam(account).send(
        new CreateRoleCommand({
          RoleName: name,
          Path: path,
          AssumeRolePolicyDocument: trustEveryone,
          Tags: tagList(tags)
        })
      )
      if (Role?.Arn === undefined || Role.RoleId === undefined) throw new Error(`no role ${name} was created`)
      return { arn: Role.Arn, roleId: Role.RoleId }
    },
    tagRole: async (name, tags) => {
      await iam().send(new TagRoleCommand({ RoleName: name, Tags: tagList(tags) }))
    },
    untagRole: async (name, tag) => {
      await iam().send(new UntagRoleCommand({ RoleName: name, TagKeys: [tag] }))
    },
    deleteRole: async (name) => {
      await iam().send(new DeleteRoleCommand({ RoleName: name }))
    },
    allowAll: async (name, account) => {
      const PolicyDocument = JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }]
      })
      await iam(account).send(new PutRolePolicyCommand({ RoleName: name, PolicyName: "all", PolicyDocument }))
    },
    assume: async (roleArn, session) => {
      const sts = new STSClient(settings(roleArn.split(":")[4] ?? OWN_ACCOUNT))
      const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: session }))
      if (Credentials?.AccessKeyId === undefined || Credentials.SecretAccessKey === undefined) {
        throw new Error(`${roleArn} gave no credentials`)
      }
      return {
        accessKeyId: Credentials.AccessKeyId,
        secretAccessKey: Credentials.SecretAccessKey,
        sessionToken: Credentials.SessionToken
      }
    },
    stop: async () => {
      await proxy.stop()
      await emulator.stop()
    }
  }
}
