/** Where Kuma keeps a builtin CA: two Secrets of the mesh, each the base64 of a PEM. */
import { certificateSecretName, keySecretName } from "../../model/ownSecret.ts"
import type { DesiredResource, ResourceKey } from "../../model/Resource.ts"
import type { Secret } from "../../model/Secret.ts"

export const certificateSecret = (mesh: string, backend: string): ResourceKey<"Secret"> => ({
  type: "Secret",
  mesh,
  name: certificateSecretName(mesh, backend)
})

export const keySecret = (mesh: string, backend: string): ResourceKey<"Secret"> => ({
  type: "Secret",
  mesh,
  name: keySecretName(mesh, backend)
})

export const decodeSecret = (secret: Secret): string => Buffer.from(secret.data ?? "", "base64").toString("utf8")

export const encodeSecret = (key: ResourceKey<"Secret">, text: string): DesiredResource<"Secret"> => ({
  ...key,
  labels: {},
  spec: { data: Buffer.from(text).toString("base64") }
})
