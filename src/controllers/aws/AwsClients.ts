/** The SDK's clients, with credentials from its default chain and the endpoints that the user may have set. */
import { CloudWatchEventsClient } from "@aws-sdk/client-cloudwatch-events"
import { ECSClient } from "@aws-sdk/client-ecs"
import { IAMClient } from "@aws-sdk/client-iam"
import { SQSClient } from "@aws-sdk/client-sqs"
import { fromTemporaryCredentials } from "@aws-sdk/credential-providers"
import { Context, Effect, Layer } from "effect"
import type { OperatorAwsConfig } from "../OperatorConfig.ts"

export class AwsClients extends Context.Service<
  AwsClients,
  {
    readonly ecs: ECSClient
    readonly iam: IAMClient
    readonly events: CloudWatchEventsClient
    readonly sqs: SQSClient
    /** IAM of another account, through the role that the user configured for it; null where there is none. */
    readonly iamOf: (accountId: string) => IAMClient | null
  }
>()("ecs-mesh/controllers/aws/AwsClients") {
  /** Repeating is `callAws`' business, so the SDK makes one attempt a call. */
  static readonly layer = (config: OperatorAwsConfig): Layer.Layer<AwsClients> =>
    Layer.effect(
      AwsClients,
      Effect.acquireRelease(
        Effect.sync(() => {
          const { endpoints, region } = config
          const settings = (endpoint: string | null) => ({
            region,
            maxAttempts: 1,
            ...(endpoint === null ? {} : { endpoint })
          })
          const foreign = new Map(
            Object.entries(config.accountRoles).map(([accountId, RoleArn]) => [
              accountId,
              new IAMClient({
                ...settings(endpoints.iam),
                credentials: fromTemporaryCredentials({
                  params: { RoleArn, RoleSessionName: "ecs-mesh-operator" },
                  clientConfig: settings(endpoints.sts)
                })
              })
            ])
          )
          const own = {
            ecs: new ECSClient(settings(endpoints.ecs)),
            iam: new IAMClient(settings(endpoints.iam)),
            events: new CloudWatchEventsClient(settings(endpoints.events)),
            // What TLS brought whole needs no checksum of each message.
            sqs: new SQSClient({
              ...settings(endpoints.sqs),
              useQueueUrlAsEndpoint: endpoints.sqs === null,
              md5: false
            })
          }
          // Without a logger they copy each request and each answer all the same, and throw the copies away.
          for (const client of [own.ecs, own.sqs]) client.middlewareStack.remove("loggerMiddleware")
          return {
            clients: { ...own, iamOf: (accountId: string) => foreign.get(accountId) ?? null },
            all: [...Object.values(own), ...foreign.values()]
          }
        }),
        ({ all }) => Effect.sync(() => all.forEach((client) => client.destroy()))
      ).pipe(Effect.map(({ clients }) => clients))
    )
}
