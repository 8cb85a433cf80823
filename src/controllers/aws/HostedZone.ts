/** A hosted zone of Route 53: its record sets, and batches of changes to them. */
import {
  ChangeResourceRecordSetsCommand,
  GetHostedZoneCommand,
  ListResourceRecordSetsCommand,
  type ListResourceRecordSetsCommandOutput,
  type ResourceRecordSet,
  Route53Client,
  type RRType
} from "@aws-sdk/client-route-53"
import { Effect, type Scope } from "effect"
import type { RecordChange, RecordSet } from "../names/route53Records.ts"
import type { AwsCallFailed } from "./AwsCallFailed.ts"
import { callAws } from "./callAws.ts"
import type { CallBudget } from "./CallBudget.ts"

export interface HostedZone {
  /** Its domain, without the dot at its end. */
  readonly domain: Effect.Effect<string, AwsCallFailed>
  readonly list: Effect.Effect<ReadonlyArray<RecordSet>, AwsCallFailed>
  /** All of them or none; fails with `invalid` where one isn't as it is named there. */
  readonly change: (changes: ReadonlyArray<RecordChange>) => Effect.Effect<void, AwsCallFailed>
}

const SERVICE = "Route53"

/** `\052` for `*`: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html */
const unescaped = (name: string): string =>
  name.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

const plain = (name: string): string => unescaped(name).replace(/\.$/, "").toLowerCase()

const POLICIES = [
  "SetIdentifier", "Weight", "Region", "Failover", "MultiValueAnswer", "GeoLocation", "GeoProximityLocation",
  "CidrRoutingConfig", "HealthCheckId", "TrafficPolicyInstanceId", "AliasTarget"
] as const

const fromAws = (set: ResourceRecordSet): RecordSet => ({
  name: plain(set.Name ?? ""),
  type: set.Type ?? "",
  ttl: set.TTL ?? null,
  values: (set.ResourceRecords ?? []).map(({ Value = "" }) => Value),
  isSimple: POLICIES.every((field) => set[field] === undefined)
})

/** Types that this control plane writes. */
const typeOf = (type: string): RRType => (type === "TXT" ? "TXT" : "A")

const toAws = ({ name, ttl, type, values }: RecordSet): ResourceRecordSet => ({
  Name: `${name}.`,
  Type: typeOf(type),
  ...(ttl === null ? {} : { TTL: ttl }),
  ResourceRecords: values.map((Value) => ({ Value }))
})

type ListStart = Partial<Pick<ResourceRecordSet, "Name" | "Type" | "SetIdentifier">>

/** Pages of `ListResourceRecordSets` hold 300 at most. */
const PAGE = 300

export const openRoute53 = (
  region: string,
  endpoint: string | null
): Effect.Effect<Route53Client, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => new Route53Client({ region, maxAttempts: 1, ...(endpoint === null ? {} : { endpoint }) })),
    (client) => Effect.sync(() => client.destroy())
  )

export const hostedZone = (client: Route53Client, HostedZoneId: string, budget: CallBudget): HostedZone => ({
  domain: callAws({
    service: SERVICE,
    operation: "GetHostedZone",
    budget,
    run: (abortSignal) => client.send(new GetHostedZoneCommand({ Id: HostedZoneId }), { abortSignal })
  }).pipe(Effect.map(({ HostedZone }) => plain(HostedZone?.Name ?? ""))),
  list: Effect.gen(function*() {
    const sets: Array<RecordSet> = []
    let from: ListStart | null = {}
    while (from !== null) {
      const { Name, SetIdentifier, Type }: ListStart = from
      const page: ListResourceRecordSetsCommandOutput = yield* callAws({
        service: SERVICE,
        operation: "ListResourceRecordSets",
        budget,
        run: (abortSignal) =>
          client.send(
            new ListResourceRecordSetsCommand({
              HostedZoneId,
              MaxItems: PAGE,
              ...(Name === undefined ? {} : { StartRecordName: Name }),
              ...(Type === undefined ? {} : { StartRecordType: Type }),
              ...(SetIdentifier === undefined ? {} : { StartRecordIdentifier: SetIdentifier })
            }),
            { abortSignal }
          )
      })
      sets.push(...(page.ResourceRecordSets ?? []).map(fromAws))
      from = page.IsTruncated !== true ? null : {
        ...(page.NextRecordName === undefined ? {} : { Name: page.NextRecordName }),
        ...(page.NextRecordType === undefined ? {} : { Type: page.NextRecordType }),
        ...(page.NextRecordIdentifier === undefined ? {} : { SetIdentifier: page.NextRecordIdentifier })
      }
    }
    return sets
  }),
  change: (changes) =>
    callAws({
      service: SERVICE,
      operation: "ChangeResourceRecordSets",
      budget,
      run: (abortSignal) =>
        client.send(
          new ChangeResourceRecordSetsCommand({
            HostedZoneId,
            ChangeBatch: {
              Comment: "ecs-mesh",
              Changes: changes.map(({ action, set }) => ({ Action: action, ResourceRecordSet: toAws(set) }))
            }
          }),
          { abortSignal }
        )
    }).pipe(Effect.asVoid)
})
