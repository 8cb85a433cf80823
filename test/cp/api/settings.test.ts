// Settings that change what the API does as a whole.
import { connect } from "node:tls"
import { expect, it } from "vitest"
import { useTestDatabases } from "../store/testDatabases.ts"
import { selfSigned } from "./selfSigned.ts"
import { apiConfig, put, request, startApi as start } from "./testApi.ts"

const databases = useTestDatabases()

it("a read-only API reads, and refuses to write", async () => {
  const api = await start(await databases.create(), { config: { readOnly: true } })
  try {
    expect((await request(`${api.url}/meshes/default`)).status).toBe(200)
    const refused = await put(`${api.url}/meshes/m`, { type: "Mesh", name: "m" })
    expect([refused.status, refused.json]).toMatchObject([405, {
      type: "/std-errors", detail: expect.stringContaining("KUMA_API_SERVER_READ_ONLY")
    }])
    expect(refused.headers.get("allow")).toBe("GET")
    expect((await request(`${api.url}/meshes/default`, { method: "DELETE" })).status).toBe(405)
    const { json } = await request(`${api.url}/_resources`)
    const types = typeof json === "object" && json !== null && "resources" in json ? json.resources : []
    expect(types).toEqual(Array.from({ length: Array.isArray(types) ? types.length : 0 }, () =>
      expect.objectContaining({ readOnly: true })))
  } finally {
    await api.stop()
  }
})

it("TLS is spoken in no older version than is set", async () => {
  const tls = await selfSigned()
  const config = apiConfig({ tls })
  const api = await start(await databases.create(), {
    tls, config: { https: { ...config.https, minVersion: "TLSv1.3" } }
  })
  const speak = (maxVersion: "TLSv1.2" | "TLSv1.3") =>
    new Promise<string>((resolve) => {
      const socket = connect({
        host: "localhost", port: api.httpsPort ?? 0, ca: tls.certificatePem, minVersion: "TLSv1.2", maxVersion
      }, () => {
        resolve(socket.getProtocol() ?? "")
        socket.destroy()
      })
      socket.on("error", () => resolve("refused"))
    })
  try {
    expect([await speak("TLSv1.2"), await speak("TLSv1.3")]).toEqual(["refused", "TLSv1.3"])
  } finally {
    await api.stop()
  }
})
