/** Serialises an Envoy resource, once, and names its version by its content. */
import { hash } from "node:crypto"
import {
  create,
  type DescMessage,
  fromBinary,
  type Message,
  type MessageInitShape,
  toBinary
} from "@bufbuild/protobuf"
import type { TypeUrl, XdsResource } from "./XdsResource.ts"

/** Keeps the bytes alone: as objects a message takes many times their memory, and only people ask for it. */
class Serialised implements XdsResource {
  readonly typeUrl: TypeUrl
  readonly name: string
  readonly version: string
  readonly bytes: Uint8Array
  readonly #schema: DescMessage

  constructor(typeUrl: TypeUrl, name: string, schema: DescMessage, bytes: Uint8Array) {
    this.typeUrl = typeUrl
    this.name = name
    this.version = hash("sha256", bytes, "hex").slice(0, 16)
    this.bytes = bytes
    this.#schema = schema
  }

  get message(): Message {
    return fromBinary(this.#schema, this.bytes)
  }
}

/** Maps in `init` have to be filled in a fixed order: equal content is to mean equal bytes on every replica. */
export const toXdsResource = <D extends DescMessage>(
  typeUrl: TypeUrl,
  name: string,
  schema: D,
  init: MessageInitShape<D>
): XdsResource => new Serialised(typeUrl, name, schema, toBinary(schema, create(schema, init)))
