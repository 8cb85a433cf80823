/** What must be there before anybody can join: the `default` mesh, and each mesh's key for signing tokens. */
import { Effect } from "effect"
import { generateKeyPair } from "node:crypto"
import { promisify } from "node:util"
import type { DesiredResource } from "../../model/Resource.ts"
import { Store } from "../../model/Store.ts"
import { computeLabels } from "./computeLabels.ts"

const DEFAULT_MESH = "default"

export const signingKeyName = (mesh: string): string => `dataplane-token-signing-key-${mesh}-1`

/** Writes only where nothing is; whoever came first is right. */
const putAbsent = Effect.fnUntraced(function*(resource: DesiredResource, zone: string) {
  const store = yield* Store
  yield* store.put({ ...resource, labels: computeLabels(resource, zone) }, { expect: "absent" }).pipe(
    Effect.catchTag("Conflict", () => Effect.void)
  )
})

/** 2048 bits RSA in PKCS #1 PEM, as Kuma keeps it. */
const generateKey = Effect.promise(async () => {
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 })
  return Buffer.from(privateKey.export({ type: "pkcs1", format: "pem" })).toString("base64")
})

/** The key of a mesh's dataplane tokens, made once. */
export const ensureSigningKey = Effect.fn("ensureSigningKey")(function*(mesh: string, zone: string) {
  const store = yield* Store
  const name = signingKeyName(mesh)
  const there = yield* store.get({ type: "Secret", mesh, name }).pipe(
    Effect.as(true),
    Effect.catchTag("NotFound", () => Effect.succeed(false))
  )
  if (there) return
  yield* putAbsent({ type: "Secret", mesh, name, labels: {}, spec: { data: yield* generateKey } }, zone)
})

/** Run it before serving, so that a first request finds everything; several replicas may run it at once. */
export const ensureDefaults = Effect.fn("ensureDefaults")(function*(zone: string) {
  const store = yield* Store
  yield* store.get({ type: "Mesh", mesh: "", name: DEFAULT_MESH }).pipe(
    Effect.asVoid,
    Effect.catchTag("NotFound", () =>
      putAbsent({ type: "Mesh", mesh: "", name: DEFAULT_MESH, labels: {}, spec: {} }, zone))
  )
  const meshes = yield* store.list("Mesh")
  yield* Effect.forEach(meshes, ({ name }) => ensureSigningKey(name, zone), { discard: true })
})
