import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf"
import { Client, type ClientDuplexStream, credentials, Metadata, type StatusObject } from "@grpc/grpc-js"
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema
} from "../../../src/cp/proto/envoy/service/discovery/v3/discovery_pb.js"
import { TypeUrl } from "../../../src/cp/xds/XdsResource.ts"
import { connect } from "node:http2"
import type { ControlPlane, Tls } from "./startControlPlane.ts"

const METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"

export interface AdsClient {
  readonly send: (request: MessageInitShape<typeof DeltaDiscoveryRequestSchema>) => void
  readonly received: ReadonlyArray<DeltaDiscoveryResponse>
  readonly ended: Promise<StatusObject>
  readonly close: () => void
}

/** An incremental ADS client that does what it is told and nothing by itself. */
export const adsClient = (
  { port }: Pick<ControlPlane, "port">,
  tls: Pick<Tls, "caPem">,
  authorization: ReadonlyArray<string> = []
): AdsClient => {
  const client = new Client(`127.0.0.1:${port}`, credentials.createSsl(Buffer.from(tls.caPem)), {
    "grpc.max_receive_message_length": -1
  })
  const metadata = new Metadata()
  for (const value of authorization) metadata.add("authorization", value)
  const call: ClientDuplexStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse> = client.makeBidiStreamRequest(
    METHOD,
    (request: DeltaDiscoveryRequest) => Buffer.from(toBinary(DeltaDiscoveryRequestSchema, request)),
    (bytes: Buffer) => fromBinary(DeltaDiscoveryResponseSchema, bytes),
    metadata
  )
  const received: Array<DeltaDiscoveryResponse> = []
  call.on("data", (response: DeltaDiscoveryResponse) => received.push(response))
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

/** A stream on bare HTTP/2 that reads nothing until it is told to, so that the server is held by flow control. */
export const unreadStream = (
  { port }: Pick<ControlPlane, "port">,
  tls: Pick<Tls, "caPem">,
  request: MessageInitShape<typeof DeltaDiscoveryRequestSchema>
): { readonly read: () => ReadonlyArray<DeltaDiscoveryResponse>; readonly close: () => void } => {
  const session = connect(`https://localhost:${port}`, { ca: tls.caPem })
  session.on("error", () => {})
  const stream = session.request({
    ":method": "POST",
    ":path": METHOD,
    "content-type": "application/grpc+proto",
    te: "trailers"
  })
  stream.on("error", () => {})
  const message = toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, request))
  // A gRPC frame: not compressed, length, message.
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  stream.write(Buffer.concat([head, message]))
  return {
    read: () => {
      const responses: Array<DeltaDiscoveryResponse> = []
      let buffered = Buffer.alloc(0)
      stream.on("data", (chunk: Buffer) => {
        buffered = Buffer.concat([buffered, chunk])
        while (buffered.length >= 5 && buffered.length >= 5 + buffered.readUInt32BE(1)) {
          const end = 5 + buffered.readUInt32BE(1)
          responses.push(fromBinary(DeltaDiscoveryResponseSchema, buffered.subarray(5, end)))
          buffered = buffered.subarray(end)
        }
      })
      return responses
    },
    close: () => session.destroy()
  }
}
