/** What the bench and its generator processes say to each other over IPC. All moments are of the shared clock. */
import type { Variant } from "./discovery.ts"

/** A proxy to simulate. */
export interface Member {
  readonly name: string
  readonly service: string
  /** Services. */
  readonly calls: ReadonlyArray<string>
  /** The Dataplane that it brings along, as JSON; null where the control plane has it from elsewhere. */
  readonly dataplane: string | null
}

export interface Setting {
  readonly host: string
  readonly port: number
  readonly variant: Variant
  /** The proxies that this process simulates. */
  readonly members: ReadonlyArray<Member>
  /** How many endpoints each service has when all is well. */
  readonly instances: Readonly<Record<string, number>>
  /** PEM that dataplane tokens are signed with, and its `kid`. */
  readonly signingKey: { readonly pem: string; readonly id: string }
}

/** By what a change is recognised when it arrives at a proxy. */
export type Sign =
  /** The service's assignment with so many endpoints, at its callers; `changed` is the instance that makes it so. */
  | { readonly kind: "endpoints"; readonly service: string; readonly endpoints: number; readonly changed: string }
  /** Every cluster that has assignments with this connect timeout, at all proxies. */
  | { readonly kind: "connectTimeout"; readonly millis: number }
  /** Bytes that a listener or route holds then, at all proxies. */
  | { readonly kind: "text"; readonly text: string }
  /** Nothing: whatever comes is counted. */
  | { readonly kind: "nothing" }

export type Order =
  | { readonly do: "prepare"; readonly setting: Setting }
  | { readonly do: "start" }
  | { readonly do: "watch"; readonly sign: Sign }
  | { readonly do: "collect" }
  | { readonly do: "storm" }
  /** Proxies end for good. */
  | { readonly do: "leave"; readonly names: ReadonlyArray<string> }
  | { readonly do: "account" }

export interface Watched {
  /** Moments at which the change was there, one for each proxy that it concerns and has reached. */
  readonly arrivals: ReadonlyArray<number>
  readonly missing: number
  /** What went to proxies that the change doesn't concern. */
  readonly foreign: { readonly messages: number; readonly bytes: number }
  readonly messages: number
  readonly bytes: number
}

/** Responses of one type, as they were received. */
export interface Traffic {
  readonly messages: number
  readonly resources: number
  readonly bytes: number
}

export interface Account {
  readonly cpuSeconds: number
  readonly messages: number
  readonly bytes: number
  readonly nacks: number
  readonly whole: number
  readonly bootstrapRetries: number
  readonly streamRetries: number
  /** By type, without its package: `Cluster`. */
  readonly traffic: Readonly<Record<string, Traffic>>
  /** Texts of failures by how often they came. */
  readonly failures: Readonly<Record<string, number>>
  /** What one proxy holds, by type. */
  readonly sample: Readonly<Record<string, number>>
}

export type Reply = Watched | Account | null

/** `whole`: since `at` all proxies of the process have everything, or (`false`) one has not. */
export type News =
  | { readonly news: "reply"; readonly reply: Reply }
  | { readonly news: "whole"; readonly whole: boolean; readonly at: number }
  | { readonly news: "arrived" }
  | { readonly news: "failed"; readonly message: string }
