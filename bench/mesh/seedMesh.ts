/** The mesh `default` as both subjects get it: mutual TLS, and everybody may call everybody. */
import type { Api } from "./Api.ts"

export const seedMesh = async (api: Api): Promise<void> => {
  const mesh = await api.get("/meshes/default")
  await api.put("/meshes/default", {
    ...mesh,
    mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] }
  })
  await api.put("/meshes/default/meshtrafficpermissions/allow-all", {
    type: "MeshTrafficPermission",
    mesh: "default",
    name: "allow-all",
    spec: { targetRef: { kind: "Mesh" }, from: [{ targetRef: { kind: "Mesh" }, default: { action: "Allow" } }] }
  })
}

/** The key that the control plane made to sign dataplane tokens with. */
export const readSigningKey = async (api: Api): Promise<{ readonly pem: string; readonly id: string }> => {
  const { data } = await api.get("/meshes/default/secrets/dataplane-token-signing-key-default-1")
  return { pem: Buffer.from(String(data), "base64").toString("utf8"), id: "1" }
}
