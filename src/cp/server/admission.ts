/** Judges who may have a stream: identity, then (without the operator) the resource that the proxy brought along. */
import { status } from "@grpc/grpc-js"
import { Effect, Schema } from "effect"
import { Authenticator, type Identity, type ProxyClaim } from "../auth/Authenticator.ts"
import { ProxyRegistration } from "./ProxyRegistration.ts"

/** A stream that isn't to be; `code` is gRPC's. */
export class NotAdmitted extends Schema.TaggedError<NotAdmitted>()("NotAdmitted", {
  code: Schema.Number,
  reason: Schema.String,
  message: Schema.String
}) {}

export interface Application {
  readonly claim: ProxyClaim
  /** Every value of the `authorization` metadata key. */
  readonly credentials: ReadonlyArray<string>
  /** `dataplane.resource` of the node's metadata. */
  readonly resource: string | null
}

export const admission = Effect.gen(function*() {
  const authenticator = yield* Authenticator
  const registration = yield* ProxyRegistration

  return Effect.fnUntraced(function*(application: Application): Effect.fn.Return<Identity, NotAdmitted> {
    const { claim, credentials, resource } = application
    const identity = yield* authenticator.authenticate(credentials, claim).pipe(
      Effect.catchTags({
        // Without credentials it is who it is that isn't known; with them, what it may.
        Refused: ({ message, reason }) =>
          new NotAdmitted({
            code: credentials.length === 0 ? status.UNAUTHENTICATED : status.PERMISSION_DENIED,
            reason,
            message
          }),
        NotYetKnown: ({ message, reason }) =>
          new NotAdmitted({ code: status.UNAVAILABLE, reason, message })
      })
    )
    yield* registration.connected(claim, identity, resource).pipe(
      Effect.catchTags({
        Refused: ({ message, reason }) =>
          new NotAdmitted({ code: status.PERMISSION_DENIED, reason, message }),
        RegistrationRefused: ({ message }) =>
          new NotAdmitted({ code: status.INVALID_ARGUMENT, reason: "ResourceInvalid", message }),
        RegistrationLater: ({ message }) =>
          new NotAdmitted({ code: status.UNAVAILABLE, reason: "StoreUnavailable", message })
      })
    )
    return identity
  })
})
