/** Serialises an Envoy resource, once, and names its version by its content. */
import { createHash } from "node:crypto"
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf"
import type { TypeUrl, XdsResource } from "./XdsResource.ts"

/** Maps in `init` have to be filled in a fixed order: equal content is to mean equal bytes on every replica. */
export const toXdsResource = <D extends DescMessage>(
  typeUrl: TypeUrl,
  name: string,
  schema: D,
  init: MessageInitShape<D>
): XdsResource => {
  const message = create(schema, init)
  const bytes = toBinary(schema, message)
  return { typeUrl, name, version: createHash("sha256").update(bytes).digest("hex").slice(0, 16), bytes, message }
}
