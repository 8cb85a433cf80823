import { create } from "@bufbuild/protobuf"
import { type Duration, DurationSchema } from "@bufbuild/protobuf/wkt"

/** Protobuf's duration of so many milliseconds. */
export const duration = (millis: number): Duration =>
  create(DurationSchema, {
    seconds: BigInt(Math.trunc(millis / 1000)),
    nanos: Math.round((millis % 1000) * 1e6)
  })
