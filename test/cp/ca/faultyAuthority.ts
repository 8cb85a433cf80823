/** An authority that answers as the test says, and counts what it is asked. */
import { Effect } from "effect"
import {
  CaUnavailable,
  CertificateAuthority,
  type CertificateRequest,
  NoIdentity,
  type WorkloadCertificate
} from "../../../src/cp/ca/CertificateAuthority.ts"

export type Answer = "given" | "promised" | "slow" | "fails" | "fails late" | "hangs" | "no identity"

export const SLOW_MILLIS = 100
export const LIFE_MILLIS = 24 * 3_600_000

export const faultyAuthority = () => {
  const given = new Map<string, { readonly terms: string; readonly certificate: WorkloadCertificate }>()
  const state = {
    /** To whoever opens it, and to whoever asks the opened one for a certificate. */
    opens: "given" as Answer,
    answers: (_proxy: string): Answer => "given",
    /** Certificates of earlier ones are no longer the right ones. */
    generation: 1,
    /** What it was asked. */
    opened: 0,
    looked: 0,
    asked: [] as Array<string>,
    asking: 0,
    mostAtOnce: 0,
    left: [] as Array<string>,
    /** By proxy; the certificate's whole life where absent. */
    lives: new Map<string, number>()
  }

  const down = Effect.fail(new CaUnavailable({ mesh: "default", message: "it is down" }))
  const answer = <A>(answer: Answer, answered: Effect.Effect<A>): Effect.Effect<A, CaUnavailable | NoIdentity> => {
    switch (answer) {
      case "given":
        return answered
      // Later, and yet before anything else has its turn.
      case "promised":
        return Effect.andThen(Effect.promise(() => Promise.resolve()), answered)
      case "slow":
        return Effect.delay(answered, SLOW_MILLIS)
      case "fails":
        return down
      case "fails late":
        return Effect.delay(down, SLOW_MILLIS)
      case "hangs":
        return Effect.never
      case "no identity":
        return Effect.fail(new NoIdentity({ mesh: "default", message: "it has no name" }))
    }
  }

  const service = CertificateAuthority.of({
    left: (_mesh, proxy) => void state.left.push(proxy),
    open: () =>
      Effect.suspend(() => {
        state.opened += 1
        const { answers, generation } = state
        const termsOf = ({ tags }: CertificateRequest) => JSON.stringify([generation, tags])
        const current = (request: CertificateRequest, now: number) => {
          const found = given.get(request.proxy)
          return found?.terms === termsOf(request) && now < found.certificate.renewAt ? found.certificate : undefined
        }
        return answer(state.opens, Effect.clockWith((clock) => Effect.succeed({
          trustBundle: `ca ${generation}`,
          current: (request: CertificateRequest) => {
            state.looked += 1
            return current(request, clock.currentTimeMillisUnsafe())
          },
          certificate: (request: CertificateRequest) =>
            Effect.suspend(() => {
              const { proxy } = request
              state.asked.push(proxy)
              state.asking += 1
              state.mostAtOnce = Math.max(state.mostAtOnce, state.asking)
              return answer(answers(proxy), Effect.sync(() => {
                const issuedAt = clock.currentTimeMillisUnsafe()
                const life = state.lives.get(proxy) ?? LIFE_MILLIS
                const certificate: WorkloadCertificate = {
                  certificatePem: `${proxy} ${state.asked.length}`,
                  privateKeyPem: "",
                  issuedAt,
                  expiresAt: issuedAt + life,
                  renewAt: issuedAt + life * 4 / 5,
                  backend: "ca-1"
                }
                given.set(proxy, { terms: termsOf(request), certificate })
                return certificate
              }))
            }).pipe(Effect.ensuring(Effect.sync(() => void (state.asking -= 1))))
        }))).pipe(Effect.catchTag("NoIdentity", ({ mesh, message }) =>
          Effect.fail(new CaUnavailable({ mesh, message }))))
      })
  })
  return { state, service }
}
