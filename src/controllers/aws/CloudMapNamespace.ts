/** A private DNS namespace of Cloud Map: its services, each with one instance that has an address. */
import {
  CreateServiceCommand,
  DeleteServiceCommand,
  DeregisterInstanceCommand,
  GetNamespaceCommand,
  ListServicesCommand,
  type ListServicesCommandOutput,
  RegisterInstanceCommand,
  ServiceDiscoveryClient,
  UpdateServiceCommand
} from "@aws-sdk/client-servicediscovery"
import { Effect, type Scope } from "effect"
import type { AwsCallFailed } from "./AwsCallFailed.ts"
import { type AwsCall, callAws } from "./callAws.ts"
import type { CallBudget } from "./CallBudget.ts"

export interface CloudMapService {
  readonly id: string
  /** Relative to the namespace. */
  readonly name: string
  readonly description: string
  readonly instances: number
}

export interface CloudMapNamespace {
  readonly domain: Effect.Effect<string, AwsCallFailed>
  readonly list: Effect.Effect<ReadonlyArray<CloudMapService>, AwsCallFailed>
  /** Answers its id. */
  readonly create: (name: string, description: string, ttl: number) => Effect.Effect<string, AwsCallFailed>
  readonly describe: (id: string, description: string, ttl: number) => Effect.Effect<void, AwsCallFailed>
  /** Gives its one instance this address, whatever it had. */
  readonly point: (id: string, address: string) => Effect.Effect<void, AwsCallFailed>
  /** Its instance leaves a while later. */
  readonly unpoint: (id: string) => Effect.Effect<void, AwsCallFailed>
  /** Fails with the code `ResourceInUse` while it has an instance. */
  readonly remove: (id: string) => Effect.Effect<void, AwsCallFailed>
}

const SERVICE = "ServiceDiscovery"

const INSTANCE = "vip"

const PAGE = 100

export const openCloudMap = (
  region: string,
  endpoint: string | null
): Effect.Effect<ServiceDiscoveryClient, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() =>
      new ServiceDiscoveryClient({ region, maxAttempts: 1, ...(endpoint === null ? {} : { endpoint }) })
    ),
    (client) => Effect.sync(() => client.destroy())
  )

export const cloudMapNamespace = (
  client: ServiceDiscoveryClient,
  NamespaceId: string,
  budget: CallBudget
): CloudMapNamespace => {
  const call = <A>(operation: string, run: AwsCall<A>["run"]) => callAws({ service: SERVICE, operation, budget, run })
  const dnsRecords = (ttl: number) => [{ Type: "A" as const, TTL: ttl }]
  return {
    domain: call("GetNamespace", (abortSignal) =>
      client.send(new GetNamespaceCommand({ Id: NamespaceId }), { abortSignal })).pipe(Effect.map(({ Namespace }) => (Namespace?.Name ?? "").toLowerCase())),
    list: Effect.gen(function*() {
      const services: Array<CloudMapService> = []
      let NextToken: string | undefined
      do {
        const page: ListServicesCommandOutput = yield* call("ListServices", (abortSignal) =>
          client.send(
            new ListServicesCommand({
              MaxResults: PAGE,
              Filters: [{ Name: "NAMESPACE_ID", Values: [NamespaceId], Condition: "EQ" }],
              ...(NextToken === undefined ? {} : { NextToken })
            }),
            { abortSignal }
          ))
        services.push(...(page.Services ?? []).map(({ Description = "", Id = "", InstanceCount = 0, Name = "" }) =>
          ({ id: Id, name: Name.toLowerCase(), description: Description, instances: InstanceCount })))
        NextToken = page.NextToken
      } while (NextToken !== undefined)
      return services
    }),
    create: (Name, Description, ttl) =>
      call("CreateService", (abortSignal) =>
        client.send(
          new CreateServiceCommand({
            Name, NamespaceId, Description, DnsConfig: { RoutingPolicy: "MULTIVALUE", DnsRecords: dnsRecords(ttl) }
          }),
          { abortSignal }
        )).pipe(Effect.map(({ Service }) => Service?.Id ?? "")),
    describe: (Id, Description, ttl) =>
      Effect.asVoid(call("UpdateService", (abortSignal) =>
        client.send(
          new UpdateServiceCommand({ Id, Service: { Description, DnsConfig: { DnsRecords: dnsRecords(ttl) } } }),
          { abortSignal }
        ))),
    point: (ServiceId, address) =>
      Effect.asVoid(call("RegisterInstance", (abortSignal) =>
        client.send(
          new RegisterInstanceCommand({ ServiceId, InstanceId: INSTANCE, Attributes: { AWS_INSTANCE_IPV4: address } }),
          { abortSignal }
        ))),
    unpoint: (ServiceId) =>
      Effect.asVoid(call("DeregisterInstance", (abortSignal) =>
        client.send(new DeregisterInstanceCommand({ ServiceId, InstanceId: INSTANCE }), { abortSignal }))),
    remove: (Id) =>
      Effect.asVoid(call("DeleteService", (abortSignal) =>
        client.send(new DeleteServiceCommand({ Id }), { abortSignal })))
  }
}
