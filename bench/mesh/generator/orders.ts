/** What the bench and its generator processes say to each other over IPC. All moments are of the shared clock. */
import type { Scene } from "../Scene.ts"
import type { Variant } from "./discovery.ts"

export interface Setting {
  readonly host: string
  readonly port: number
  readonly variant: Variant
  readonly scene: Scene
  /** Indices of the proxies that this process simulates. */
  readonly proxies: ReadonlyArray<number>
  /** PEM that dataplane tokens are signed with, and its `kid`. */
  readonly signingKey: { readonly pem: string; readonly id: string }
}

/** By what a change is recognised when it arrives at a proxy. */
export type Sign =
  /** The service's assignment with so many endpoints, at its callers. */
  | { readonly kind: "endpoints"; readonly service: number; readonly endpoints: number; readonly changed: number }
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

export interface Account {
  readonly cpuSeconds: number
  readonly messages: number
  readonly bytes: number
  readonly nacks: number
  readonly whole: number
  readonly bootstrapRetries: number
  readonly streamRetries: number
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
