import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ensureHostnameGenerators } from "../../../src/cp/services/ensureHostnameGenerators.ts"
import { formatKri } from "../../../src/model/formatKri.ts"
import { Store } from "../../../src/model/Store.ts"
import { openStore, useTestDatabases } from "../store/testDatabases.ts"

const databases = useTestDatabases()

describe("the HostnameGenerators that a zone begins with", () => {
  it.live("are Kuma's, made by whichever replica comes first, and a user's changes to them stay", () =>
    Effect.gen(function*() {
      const store = yield* openStore(yield* Effect.promise(databases.create))
      const ensure = ensureHostnameGenerators().pipe(Effect.provideService(Store, store))
      yield* Effect.all([ensure, ensure], { concurrency: "unbounded" })
      const [external, service] = yield* store.list("HostnameGenerator")
      assert.strictEqual(external?.name, "local-mesh-external-service")
      assert.deepStrictEqual(service?.spec, {
        selector: { meshService: { matchLabels: { "kuma.io/origin": "zone" } } }, template: "{{ .DisplayName }}.svc.mesh.local"
      })
      assert.strictEqual(service === undefined ? null : formatKri(service), "kri_hg____local-universal-mesh-service_")
      if (external === undefined) return
      yield* store.put({ ...external, spec: { ...external.spec, template: "{{ .Name }}.mine" } })
      yield* ensure
      assert.strictEqual((yield* store.get(external)).spec.template, "{{ .Name }}.mine")
    }).pipe(Effect.scoped))
})
