/** Where Kuma keeps a builtin CA: two Secrets of the mesh, each the base64 of a PEM. */
import type { DesiredResource, ResourceKey } from "../../model/Resource.ts"
import type { Secret } from "../../model/Secret.ts"

export const certificateSecret = (mesh: string, backend: string): ResourceKey<"Secret"> => ({
  type: "Secret",
  mesh,
  name: `${mesh}.ca-builtin-cert-${backend}`
})

export const keySecret = (mesh: string, backend: string): ResourceKey<"Secret"> => ({
  type: "Secret",
  mesh,
  name: `${mesh}.ca-builtin-key-${backend}`
})

export const decodeSecret = (secret: Secret): string => Buffer.from(secret.data ?? "", "base64").toString("utf8")

export const encodeSecret = (key: ResourceKey<"Secret">, text: string): DesiredResource<"Secret"> => ({
  ...key,
  labels: { "kuma.io/mesh": key.mesh },
  spec: { data: Buffer.from(text).toString("base64") }
})
