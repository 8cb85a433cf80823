import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { DemoWorld } from "../../src/cli/demo/DemoWorld.ts"
import { caAudience } from "../../src/model/bindingValue.ts"
import type { ProxyId } from "../../src/model/ProxyType.ts"
import { iamToken } from "../../src/sidecar/iamToken.ts"
import { stsHostOf } from "../../src/sidecar/mintIamToken.ts"
import type { TaskCredentials } from "../../src/sidecar/presign.ts"

/** PEM of the authority by which a world's control plane is verified. */
export const caCertOf = ({ folder }: DemoWorld): string =>
  readFileSync(join(folder, "control-plane", "tls", "ca.crt"), "utf8")

/** Keys of a role's session, as ECS gives a task those of the session that bears its id. */
export const sessionKeys = async (
  { emulator: { accountId, credentials, endpoint, region } }: DemoWorld,
  role: string,
  sessionName: string
): Promise<TaskCredentials> => {
  const client = new STSClient({ endpoint, region, credentials })
  try {
    const { Credentials: keys } = await client.send(
      new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${accountId}:role/${role}`, RoleSessionName: sessionName })
    )
    if (keys?.AccessKeyId === undefined || keys.SecretAccessKey === undefined || keys.SessionToken === undefined) {
      throw new Error(`STS gave no keys of ${role}`)
    }
    return { accessKeyId: keys.AccessKeyId, secretAccessKey: keys.SecretAccessKey, sessionToken: keys.SessionToken }
  } finally {
    client.destroy()
  }
}

/** What a sidecar with these keys brings for this proxy, to the world's control plane unless `audience` is another. */
export const taskToken = (
  world: DemoWorld,
  credentials: TaskCredentials,
  proxy: ProxyId,
  audience = caAudience(caCertOf(world))
): Promise<string> => {
  const { region } = world.emulator
  return iamToken({ credentials, region, host: stsHostOf(region), audience, proxy, now: new Date() })
}
