/** Packs a message for the many places where Envoy takes any extension's configuration. */
import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf"
import { type Any, anyPack } from "@bufbuild/protobuf/wkt"

export const packAny = <D extends DescMessage>(schema: D, init?: MessageInitShape<D>): Any =>
  anyPack(schema, create(schema, init))
