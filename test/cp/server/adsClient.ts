import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf"
import { Client, type ClientDuplexStream, credentials, Metadata, type StatusObject } from "@grpc/grpc-js"
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
  DiscoveryResponseSchema
} from "../../../src/cp/proto/envoy/service/discovery/v3/discovery_pb.js"
import { ClusterSchema } from "../../../src/cp/proto/envoy/config/cluster/v3/cluster_pb.js"
import { HealthCheckSpecifierSchema } from "../../../src/cp/proto/envoy/service/health/v3/hds_pb.js"
import { TypeUrl } from "../../../src/cp/xds/XdsResource.ts"
import { connect } from "node:http2"
import { encode, frame, METHODS, type Variant } from "./bareStream.ts"
import type { ControlPlane, Tls } from "./startControlPlane.ts"

export interface AdsClient {
  readonly send: (request: MessageInitShape<typeof DeltaDiscoveryRequestSchema>) => void
  readonly received: ReadonlyArray<DeltaDiscoveryResponse>
  readonly ended: Promise<StatusObject>
  readonly close: () => void
}

/** An incremental ADS client that does what it is told and nothing by itself. `heard`: as soon as a response came. */
export const adsClient = (
  { port }: Pick<ControlPlane, "port">,
  tls: Pick<Tls, "caPem">,
  authorization: ReadonlyArray<string> = [],
  heard: () => void = () => {}
): AdsClient => {
  const client = new Client(`127.0.0.1:${port}`, credentials.createSsl(Buffer.from(tls.caPem)), {
    "grpc.max_receive_message_length": -1,
    // An address is no server name (RFC 6066).
    "grpc.ssl_target_name_override": "localhost"
  })
  const metadata = new Metadata()
  for (const value of authorization) metadata.add("authorization", value)
  const call: ClientDuplexStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse> = client.makeBidiStreamRequest(
    METHODS.delta,
    (request: DeltaDiscoveryRequest) => Buffer.from(toBinary(DeltaDiscoveryRequestSchema, request)),
    (bytes: Buffer) => fromBinary(DeltaDiscoveryResponseSchema, bytes),
    metadata
  )
  const received: Array<DeltaDiscoveryResponse> = []
  call.on("data", (response: DeltaDiscoveryResponse) => {
    received.push(response)
    heard()
  })
  const ended = new Promise<StatusObject>((resolve) => {
    call.on("status", (status) => {
      resolve(status)
      client.close()
    })
    call.on("error", () => {})
  })
  return {
    send: (request) => void call.write(create(DeltaDiscoveryRequestSchema, request)),
    received,
    ended,
    close: () => call.cancel()
  }
}

/** The first request of a proxy for all its clusters. */
export const firstRequest = (
  name: string,
  metadata: Readonly<Record<string, string>> = {}
): MessageInitShape<typeof DeltaDiscoveryRequestSchema> => ({
  node: { id: `default.${name}`, cluster: "test", metadata },
  typeUrl: TypeUrl.Cluster
})

/** Names of a response's resources, or of the clusters that are to be looked at. */
const namesIn = (variant: Variant, bytes: Uint8Array): ReadonlyArray<string> => {
  switch (variant) {
    case "delta":
      return fromBinary(DeltaDiscoveryResponseSchema, bytes).resources.map(({ name }) => name)
    case "sotw":
      return fromBinary(DiscoveryResponseSchema, bytes).resources.map(({ value }) => fromBinary(ClusterSchema, value).name)
    case "health":
      return fromBinary(HealthCheckSpecifierSchema, bytes).clusterHealthChecks.map(({ clusterName }) => clusterName)
  }
}

/** A stream on bare HTTP/2 that reads nothing until it is told to, so that the server is held by flow control. */
export const unreadStream = (
  { port }: Pick<ControlPlane, "port">,
  tls: Pick<Tls, "caPem">,
  variant: Variant,
  request: Pick<MessageInitShape<typeof DeltaDiscoveryRequestSchema>, "node" | "typeUrl">
): {
  /** The first response is on its way. */
  readonly begun: Promise<void>
  /** Of each response that was sent, the names of the clusters in it. */
  readonly read: () => ReadonlyArray<ReadonlyArray<string>>
  /** The connection is over. */
  readonly ended: Promise<void>
  readonly close: () => void
} => {
  const session = connect(`https://localhost:${port}`, { ca: tls.caPem })
  session.on("error", () => {})
  const stream = session.request({
    ":method": "POST",
    ":path": METHODS[variant],
    "content-type": "application/grpc+proto",
    te: "trailers"
  })
  stream.on("error", () => {})
  stream.write(frame(encode(variant, request)))
  return {
    ended: new Promise((resolve) => void session.once("close", () => resolve())),
    begun: new Promise((resolve) => void stream.once("response", () => resolve())),
    read: () => {
      const responses: Array<ReadonlyArray<string>> = []
      let buffered = Buffer.alloc(0)
      stream.on("data", (chunk: Buffer) => {
        buffered = Buffer.concat([buffered, chunk])
        while (buffered.length >= 5 && buffered.length >= 5 + buffered.readUInt32BE(1)) {
          const end = 5 + buffered.readUInt32BE(1)
          responses.push(namesIn(variant, buffered.subarray(5, end)))
          buffered = buffered.subarray(end)
        }
      })
      return responses
    },
    close: () => session.destroy()
  }
}
