import { create, toBinary } from "@bufbuild/protobuf"
import { NodeSchema } from "../../../src/cp/proto/envoy/config/core/v3/base_pb.js"

/** The node as a bootstrap makes it, serialised; `dataplane` is the resource that the proxy brings along. */
export const encodeNode = (name: string, service: string, dataplane: string): Uint8Array =>
  toBinary(
    NodeSchema,
    create(NodeSchema, {
      id: `default.${name}`,
      cluster: service,
      userAgentName: "envoy",
      metadata: {
        "dataplane.admin.port": "9901",
        "dataplane.admin.address": "127.0.0.1",
        "dataplane.readinessReporter.port": "9902",
        "dataplane.proxyType": "dataplane",
        "dataplane.resource": dataplane,
        features: [],
        workdir: "/tmp",
        version: {
          kumaDp: { version: "2.14.3", gitTag: "v2.14.3", gitCommit: "", buildDate: "" },
          envoy: { version: "1.37.0", build: "simulated", kumaDpCompatible: true }
        }
      }
    })
  )
