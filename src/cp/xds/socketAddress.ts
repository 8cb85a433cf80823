import { create } from "@bufbuild/protobuf"
import { type Address, AddressSchema } from "../proto/envoy/config/core/v3/address_pb.js"

/** TCP address as Envoy writes it. */
export const socketAddress = (address: string, port: number): Address =>
  create(AddressSchema, {
    address: {
      case: "socketAddress",
      value: { address, portSpecifier: { case: "portValue", value: port } }
    }
  })
