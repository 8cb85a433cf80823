/** The two HostnameGenerators that a zone begins with, as Kuma's do: `kv.svc.mesh.local`, `api.extsvc.mesh.local`. */
import { Effect } from "effect"
import type { HostnameGenerator } from "../../model/HostnameGenerator.ts"
import type { DesiredResource } from "../../model/Resource.ts"
import { Store } from "../../model/Store.ts"
import { ORIGIN_LABEL } from "../../model/Tags.ts"

const OF_ZONE = { matchLabels: { [ORIGIN_LABEL]: "zone" } }

const GENERATORS: Readonly<Record<string, HostnameGenerator>> = {
  "local-mesh-external-service": {
    selector: { meshExternalService: OF_ZONE }, template: "{{ .DisplayName }}.extsvc.mesh.local"
  },
  "local-universal-mesh-service": {
    selector: { meshService: OF_ZONE }, template: "{{ .DisplayName }}.svc.mesh.local"
  }
}

/** At each start those that are missing are made; several replicas may do so at once. */
export const ensureHostnameGenerators = Effect.fn("ensureHostnameGenerators")(function*() {
  const store = yield* Store
  for (const [name, spec] of Object.entries(GENERATORS)) {
    const type = "HostnameGenerator"
    // As Kuma labels them: of a zone, and the same in each.
    const generator: DesiredResource<typeof type> = { type, mesh: "", name, labels: OF_ZONE.matchLabels, spec }
    yield* store.get(generator).pipe(
      Effect.asVoid,
      Effect.catchTag("NotFound", () =>
        store.put(generator, { expect: "absent" }).pipe(
          Effect.asVoid,
          // Another replica came first.
          Effect.catchTag("Conflict", () => Effect.void)
        ))
    )
  }
})
