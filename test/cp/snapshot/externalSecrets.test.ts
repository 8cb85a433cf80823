/** What a user names as a source of a certificate is shown to proxies and to who inspects them. */
import { describe, expect, it } from "vitest"
import { ofExternalService, ofMeshExternalService } from "../../../src/cp/snapshot/ExternalBackend.ts"
import { MeshViews } from "../../../src/cp/snapshot/MeshViews.ts"
import { created, mesh, resource } from "./resources.ts"

const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
const KEY = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"

const base64 = (text: string): string => Buffer.from(text).toString("base64")

const secrets: Readonly<Record<string, string>> = {
  "dataplane-token-signing-key-default-1": base64(CERTIFICATE),
  "default.ca-builtin-key-ca-1": base64(CERTIFICATE),
  key: base64(KEY),
  bundle: base64(`${KEY}${CERTIFICATE}`)
}

const withCa = (secret: string) =>
  ofExternalService(
    { networking: { address: "example.test:443", tls: { enabled: true, caCert: { secret } } }, tags: {} },
    (name) => secrets[name]
  )

describe("a Secret as the source of a certificate", () => {
  it.each(["dataplane-token-signing-key-default-1", "default.ca-builtin-key-ca-1"])("isn't %s", (name) => {
    expect(withCa(name)).toMatchObject({ tls: null, problem: expect.stringContaining("the control plane's own") })
  })

  it("gives its certificates and nothing that stands beside them", () => {
    expect(withCa("bundle").tls?.trust).toEqual({ _tag: "Pem", pem: CERTIFICATE })
    expect(withCa("key")).toMatchObject({ tls: null, problem: expect.stringContaining("no PEM certificate") })
  })

  it("is held to the same by the newer type, whose key it can't be either", () => {
    const { problem, tls } = ofMeshExternalService({
      match: { type: "HostnameGenerator", port: 443, protocol: "tcp" },
      endpoints: [{ address: "example.test", port: 443 }],
      tls: {
        enabled: true,
        allowRenegotiation: false,
        verification: { mode: "Secured", clientKey: { secret: "default.ca-builtin-key-ca-1" } }
      }
    }, (name) => secrets[name])
    expect([tls, problem]).toEqual([null, expect.stringContaining("the control plane's own")])
  })
})

describe("the Secrets that a mesh's provided authority lives on", () => {
  const provided = (cert: string, key: string) => ({
    ...mesh(),
    spec: {
      mtls: {
        backends: [{ name: "ca-1", type: "provided", conf: { cert: { secret: cert }, key: { secret: key } } }],
        enabledBackend: "ca-1"
      }
    }
  })
  const tls = {
    caCert: { secret: "its-cert" }, clientCert: { secret: "its-cert" }, clientKey: { secret: "its-key" }
  }
  const secretOf = (name: string, text: string) => resource("Secret", "default", name, { data: base64(text) })
  const views = new MeshViews()
  const externals = () => {
    const view = views.view("default")
    return [
      view?.destinations.get("MeshExternalService/new")?.external,
      view?.externalServices.get("old")?.[0]?.backend
    ]
  }

  it("are nobody's client key for as long as they are that, and may be trusted all the same", () => {
    views.apply([
      provided("its-cert", "its-key"),
      secretOf("its-cert", CERTIFICATE),
      secretOf("its-key", KEY),
      resource("MeshExternalService", "default", "new", {
        match: { type: "HostnameGenerator", port: 443, protocol: "tcp" },
        endpoints: [{ address: "example.test", port: 443 }],
        tls: { enabled: true, allowRenegotiation: false, verification: { mode: "Secured", ...tls } }
      }),
      resource("ExternalService", "default", "old", {
        tags: { "kuma.io/service": "old" },
        networking: { address: "example.test:443", tls: { enabled: true, ...tls } }
      })
    ].map(created))
    for (const external of externals()) {
      expect(external).toMatchObject({ tls: null, problem: expect.stringContaining("the mesh's authority signs with") })
    }
    views.apply([created(provided("another-cert", "another-key"))])
    for (const external of externals()) {
      expect(external).toMatchObject({ problem: null, tls: { clientKey: KEY, trust: { pem: CERTIFICATE } } })
    }
    // A certificate and its key may stand in one.
    views.apply([created(provided("its-key", "another-key"))])
    for (const external of externals()) expect(external).toMatchObject({ tls: null })
  })
})
