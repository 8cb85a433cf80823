// Fills an empty emulated AWS with the demo: cluster, roles, task definitions, services, and the operator's own user.
import {
  CreateClusterCommand,
  CreateServiceCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  type ContainerDefinition
} from "@aws-sdk/client-ecs"
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand
} from "@aws-sdk/client-iam"
import { readFile } from "node:fs/promises"
import type { Emulator } from "../ministack/startMinistack.ts"
import { Demo, demoCluster, networkConfiguration } from "./Demo.ts"
import { type DefinitionSettings, demoApp, fargateDefinition, kv } from "./taskDefinitions.ts"

export interface SeedOptions extends Omit<DefinitionSettings, "sidecarEnvironment" | "kvEnvironment"> {
  readonly emulator: Pick<Emulator, "endpoint" | "region" | "credentials">
  readonly sidecarEnvironment?: Readonly<Record<string, string>>
  readonly kvEnvironment?: Readonly<Record<string, string>>
  /** `kuma.io/mesh` of the roles; default `default`. */
  readonly mesh?: string
}

export interface SeededDemo {
  readonly demo: Demo
  /** Keys of a user that may do what deploy/iam-operator-policy.json allows, and nothing else. */
  readonly operatorCredentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

const desiredCounts = { kv: 2, "demo-app": 1 } as const

const operatorUser = "ecs-mesh-operator"
const operatorPolicy = new URL("../../deploy/iam-operator-policy.json", import.meta.url)

const trustOfTasks = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "ecs-tasks.amazonaws.com" }, Action: "sts:AssumeRole" }]
})

export const createRole = async (
  iam: IAMClient,
  RoleName: string,
  tags: Readonly<Record<string, string>>
): Promise<string> => {
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: trustOfTasks,
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
    })
  )
  if (Role?.Arn === undefined) throw new Error(`IAM made no role ${RoleName}`)
  return Role.Arn
}

/** The user whose keys the operator has. */
export const createOperator = async (iam: IAMClient): Promise<SeededDemo["operatorCredentials"]> => {
  await iam.send(new CreateUserCommand({ UserName: operatorUser }))
  await iam.send(
    new PutUserPolicyCommand({
      UserName: operatorUser,
      PolicyName: "operator",
      PolicyDocument: await readFile(operatorPolicy, "utf8")
    })
  )
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: operatorUser }))
  if (AccessKey?.AccessKeyId === undefined || AccessKey.SecretAccessKey === undefined) {
    throw new Error(`IAM made no access key for ${operatorUser}`)
  }
  return { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey }
}

/** Call it once, on an empty emulator. Nothing runs before `createServices`. */
export const seedDemo = async (options: SeedOptions): Promise<SeededDemo> => {
  const { endpoint, region, credentials } = options.emulator
  const settings: DefinitionSettings = {
    ...options,
    sidecarEnvironment: options.sidecarEnvironment ?? {},
    kvEnvironment: options.kvEnvironment ?? {}
  }
  const mesh = options.mesh ?? "default"
  const ecs = new ECSClient({ endpoint, region, credentials })
  const iam = new IAMClient({ endpoint, region, credentials })

  const define = async (
    family: string,
    roleTags: Readonly<Record<string, string>>,
    containers: Array<ContainerDefinition>
  ): Promise<void> => {
    const roleArn = await createRole(iam, `demo-${family}`, roleTags)
    await ecs.send(new RegisterTaskDefinitionCommand(fargateDefinition(family, roleArn, containers)))
  }
  const dataplane = (service: string) => ({
    "kuma.io/type": "dataplane",
    "kuma.io/mesh": mesh,
    "kuma.io/service": service
  })
  try {
    await ecs.send(new CreateClusterCommand({ clusterName: demoCluster }))
    const operatorCredentials = await createOperator(iam)
    await define("demo-app", dataplane("demo-app"), demoApp(settings))
    await define("kv", dataplane("kv"), kv(settings))
    await define("untagged", {}, kv(settings))
    await define("impostor", dataplane("impostor"), kv(settings))
    return { demo: new Demo(options.emulator), operatorCredentials }
  } finally {
    ecs.destroy()
    iam.destroy()
  }
}

/** Creates the demo's services; their tasks start as soon as an EcsAgent watches the cluster. */
export const createServices = async ({ credentials, endpoint, region }: SeedOptions["emulator"]): Promise<void> => {
  const ecs = new ECSClient({ endpoint, region, credentials })
  try {
    for (const [serviceName, desiredCount] of Object.entries(desiredCounts)) {
      await ecs.send(
        new CreateServiceCommand({
          cluster: demoCluster,
          serviceName,
          taskDefinition: serviceName,
          desiredCount,
          launchType: "FARGATE",
          networkConfiguration
        })
      )
    }
  } finally {
    ecs.destroy()
  }
}
