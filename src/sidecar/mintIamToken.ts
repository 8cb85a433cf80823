/** The task role's credentials, fetched for each token: ECS rotates them, and the agent is on this host. */
import type { ProxyId } from "../model/ProxyType.ts"
import type { MintedToken } from "./TokenFile.ts"

export interface MintInput {
  readonly region: string
  /** null: STS of the region. */
  readonly stsHost: string | null
  readonly audience: string
  readonly proxy: ProxyId
  /** Where the AWS_CONTAINER_* variables are. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** `sts.<region>.amazonaws.com` with the suffix of the region's partition. */
export const stsHostOf = (region: string): string =>
  `sts.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`

/** Loads the SDK's signer and container provider on the first call: without IAM they are never loaded. */
export const mintIamToken = async ({ region, stsHost, audience, proxy, env }: MintInput): Promise<MintedToken> => {
  const [{ fromHttp }, { iamToken }] = await Promise.all([
    import("@aws-sdk/credential-provider-http"),
    import("./iamToken.ts")
  ])
  const relative = env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]
  const full = env["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
  const token = env["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
  const tokenFile = env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]
  const provide = fromHttp({
    timeout: 2_000,
    maxRetries: 2,
    ...(relative ? { awsContainerCredentialsRelativeUri: relative } : {}),
    ...(full ? { awsContainerCredentialsFullUri: full } : {}),
    ...(token ? { awsContainerAuthorizationToken: token } : {}),
    ...(tokenFile ? { awsContainerAuthorizationTokenFile: tokenFile } : {})
  })
  const credentials = await provide()
  return {
    token: await iamToken({
      credentials,
      region,
      host: stsHost ?? stsHostOf(region),
      audience,
      proxy,
      now: new Date()
    }),
    credentialsEnd: credentials.expiration
  }
}
