/** Something outside of the mesh under the name of a service. Kuma's older `ExternalService`. */
import { Effect, Schema } from "effect"
import { DataSource } from "./DataSource.ts"
import { Tags } from "./Tags.ts"

const Tls = Schema.Struct({
  enabled: Schema.optionalKey(Schema.Boolean),
  caCert: Schema.optionalKey(DataSource),
  clientCert: Schema.optionalKey(DataSource),
  clientKey: Schema.optionalKey(DataSource),
  allowRenegotiation: Schema.optionalKey(Schema.Boolean),
  /** The address's host where absent. */
  serverName: Schema.optionalKey(Schema.String),
  skipHostnameVerification: Schema.optionalKey(Schema.Boolean)
})

export const ExternalService = Schema.Struct({
  networking: Schema.optionalKey(
    Schema.Struct({
      /** `host:port`. */
      address: Schema.String.pipe(Schema.withDecodingDefaultKey(Effect.succeed(""))),
      tls: Schema.optionalKey(Tls),
      disableHostDNSEntry: Schema.optionalKey(Schema.Boolean)
    })
  ),
  tags: Schema.optionalKey(Tags)
})
export type ExternalService = typeof ExternalService.Type
