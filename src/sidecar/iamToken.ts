/** The token by which a task's role speaks for one proxy at one control plane. */
import { bindingValue, IAM_TOKEN_PREFIX } from "../model/bindingValue.ts"
import type { ProxyId } from "../model/ProxyType.ts"
import { presign, type TaskCredentials } from "./presign.ts"

export interface IamTokenInput {
  readonly credentials: TaskCredentials
  readonly region: string
  /** STS host to presign for, e.g. `sts.eu-west-1.amazonaws.com`. */
  readonly host: string
  /** The control plane that the token is for. */
  readonly audience: string
  readonly proxy: ProxyId
  readonly now: Date
}

/** `ecs-mesh-aws-v1.` and the presigned URL in unpadded base64url. */
export const iamToken = async ({ credentials, region, host, audience, proxy, now }: IamTokenInput): Promise<string> => {
  const url = await presign({ credentials, region, host, binding: bindingValue(audience, proxy), now })
  return IAM_TOKEN_PREFIX + Buffer.from(url, "utf8").toString("base64url")
}
