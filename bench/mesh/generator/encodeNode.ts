import { create, toBinary } from "@bufbuild/protobuf"
import { NodeSchema } from "../../../src/cp/proto/envoy/config/core/v3/base_pb.js"
import type { Member } from "./orders.ts"

/** The node as a bootstrap makes it, serialised. */
export const encodeNode = ({ dataplane, name, service }: Member): Uint8Array =>
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
        ...(dataplane === null ? {} : { "dataplane.resource": dataplane }),
        features: [],
        workdir: "/tmp",
        version: {
          kumaDp: { version: "2.14.3", gitTag: "v2.14.3", gitCommit: "", buildDate: "" },
          envoy: { version: "1.37.0", build: "simulated", kumaDpCompatible: true }
        }
      }
    })
  )
