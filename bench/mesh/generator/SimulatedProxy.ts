/** A sidecar with its Envoy, as a control plane sees them: bootstrap, then a stream, and another when that ends. */
import { clock } from "../clock.ts"
import { type AdsConnection, openAds } from "./AdsConnection.ts"
import { askBootstrap } from "./askBootstrap.ts"
import type { Response, Variant } from "./discovery.ts"
import { encodeNode } from "./encodeNode.ts"
import type { Member } from "./orders.ts"
import { Subscriptions } from "./Subscriptions.ts"

export interface SimulatedProxyOptions {
  readonly host: string
  readonly port: number
  readonly variant: Variant
  readonly member: Member
  /** How many endpoints an assignment has when all is well. */
  readonly instances: (assignment: string) => number
  readonly token: string
  readonly onResponse: (proxy: SimulatedProxy, response: Response, message: Buffer, at: number) => void
  readonly onWhole: (whole: boolean, at: number) => void
}

/** kuma-dp's, after a bootstrap that failed. */
const BOOTSTRAP_RETRY_MILLIS = 3_000

/** Envoy's jittered exponential backoff of a gRPC stream. */
const STREAM_BACKOFF_MILLIS = 500
const STREAM_BACKOFF_MAX_MILLIS = 30_000

/** `s12`, and `s12-<hash>` where the control plane tells two sorts of it apart, are service `s12`. */
export const serviceOfAssignment = (assignment: string): string => assignment.split("-")[0] ?? ""

export class SimulatedProxy {
  readonly member: Member
  readonly subscriptions: Subscriptions
  messages = 0
  bytes = 0
  nacks = 0
  bootstrapRetries = 0
  streamRetries = 0
  whole = false
  readonly failures: Array<string> = []
  readonly #options: SimulatedProxyOptions
  #connection: AdsConnection | null = null
  #session: Buffer | null = null
  #attempt = 0
  #left = false

  constructor(options: SimulatedProxyOptions) {
    const { member, variant } = options
    this.member = member
    this.#options = options
    const node = encodeNode(member)
    this.subscriptions = new Subscriptions(variant, node, (framed) => this.#connection?.send(framed))
  }

  async bootstrap(): Promise<void> {
    const { host, port, token } = this.#options
    const { dataplane, name } = this.member
    const body = {
      mesh: "default",
      name,
      proxyType: "dataplane",
      dataplaneToken: token,
      ...(dataplane === null ? {} : { dataplaneResource: dataplane }),
      version: VERSION,
      caCert: "",
      dynamicMetadata: {},
      readinessPort: 9902,
      operatingSystem: "linux",
      features: [],
      resources: { maxHeapSizeBytes: 0 },
      workdir: "/tmp"
    }
    for (;;) {
      try {
        await askBootstrap({ host, port }, body)
        return
      } catch (error) {
        this.bootstrapRetries++
        this.failures.push(error instanceof Error ? error.message : String(error))
        await new Promise((resume) => setTimeout(resume, BOOTSTRAP_RETRY_MILLIS))
      }
    }
  }

  connect(): void {
    if (this.#left) return
    const { host, port, token, variant } = this.#options
    this.#connection = openAds({
      host,
      port,
      variant,
      token,
      session: this.#session,
      onSession: (session) => {
        this.#session = session
      },
      onOpen: () => this.subscriptions.open(),
      onMessage: (message, at) => this.#take(message, at),
      onEnd: (reason) => this.#again(reason)
    })
  }

  /** Drops the connection as a cut line does, and opens another at once. */
  drop(): void {
    this.#connection?.destroy()
    this.#is(false, clock())
    this.#attempt = 0
    this.connect()
  }

  /** Ends for good. */
  leave(): void {
    this.#left = true
    this.#connection?.destroy()
  }

  #take(message: Buffer, at: number): void {
    this.messages++
    this.bytes += message.length
    this.#attempt = 0
    const { instances, onResponse } = this.#options
    const response = this.#read(message)
    if (response === null) return
    this.#is(this.subscriptions.isWhole(instances), at)
    onResponse(this, response, message, at)
  }

  #read(message: Buffer): Response | null {
    try {
      return this.subscriptions.take(message)
    } catch (error) {
      this.nacks++
      this.failures.push(error instanceof Error ? error.message : String(error))
      return null
    }
  }

  #again(reason: string): void {
    this.streamRetries++
    this.failures.push(reason)
    this.#is(false, clock())
    const bound = Math.min(STREAM_BACKOFF_MILLIS * 2 ** this.#attempt++, STREAM_BACKOFF_MAX_MILLIS)
    setTimeout(() => this.connect(), Math.random() * bound)
  }

  #is(whole: boolean, at: number): void {
    if (this.whole === whole) return
    this.whole = whole
    this.#options.onWhole(whole, at)
  }
}

const VERSION = {
  kumaDp: { version: "2.14.3", gitTag: "v2.14.3", gitCommit: "", buildDate: "" },
  envoy: { version: "1.37.0", build: "simulated", kumaDpCompatible: true }
}
