/** "Over the ADS stream that you have": where Envoy finds what a resource refers to by name. */
import { create } from "@bufbuild/protobuf"
import { ApiVersion, type ConfigSource, ConfigSourceSchema } from "../proto/envoy/config/core/v3/config_source_pb.js"

export const overAds: ConfigSource = create(ConfigSourceSchema, {
  resourceApiVersion: ApiVersion.V3,
  configSourceSpecifier: { case: "ads", value: {} }
})
