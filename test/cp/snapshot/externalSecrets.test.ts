/** What a user names as a source of a certificate is shown to proxies and to who inspects them. */
import { describe, expect, it } from "vitest"
import type { DataSource } from "../../../src/model/DataSource.ts"
import { ofExternalService, ofMeshExternalService } from "../../../src/cp/snapshot/ExternalBackend.ts"
import { MeshViews } from "../../../src/cp/snapshot/MeshViews.ts"
import { ANOTHER_CERTIFICATE, ANOTHER_KEY, CERTIFICATE, KEY } from "./pems.ts"
import { created, mesh, resource } from "./resources.ts"


const base64 = (text: string): string => Buffer.from(text).toString("base64")

const secrets: Record<string, string> = {
  "dataplane-token-signing-key-default-1": base64(CERTIFICATE),
  "default.ca-builtin-key-ca-1": base64(CERTIFICATE),
  key: base64(KEY),
  bundle: base64(`${KEY}${CERTIFICATE}`),
  password: base64("hunter2"),
  unreadable: base64("-----BEGIN CERTIFICATE-----\nQUFB\n-----END CERTIFICATE-----\n")
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

describe("what is sent as a client's key", () => {
  const calledWith = (clientCert: DataSource | undefined, clientKey: DataSource) => {
    const sources = { ...(clientCert === undefined ? {} : { clientCert }), clientKey }
    return [
      ofMeshExternalService({
        match: { type: "HostnameGenerator", port: 443, protocol: "tcp" },
        endpoints: [{ address: "example.test", port: 443 }],
        tls: { enabled: true, allowRenegotiation: false, verification: { mode: "SkipCA", ...sources } }
      }, (name) => secrets[name]),
      ofExternalService(
        { networking: { address: "example.test:443", tls: { enabled: true, ...sources } }, tags: {} },
        (name) => secrets[name]
      )
    ]
  }

  it.each<[string, DataSource, DataSource, string]>([
    ["a Secret of somebody's that is no key", { inlineString: CERTIFICATE }, { secret: "password" }, "no PEM private key"],
    ["a key that isn't the certificate's", { inlineString: ANOTHER_CERTIFICATE }, { secret: "key" }, "that fits"],
    ["what can't be read beside a certificate", { secret: "unreadable" }, { secret: "key" }, "can't be read"],
    ["text of its own that is no key", { secret: "bundle" }, { inlineString: "hunter2" }, "no PEM private key"]
  ])("isn't %s", (_, certificate, key, why) => {
    for (const external of calledWith(certificate, key)) {
      expect(external).toMatchObject({ tls: null, problem: expect.stringContaining(why) })
      expect(JSON.stringify(external)).not.toContain("hunter2")
    }
  })

  it("is the key that fits the certificate, nothing that stands beside it, and nothing without a certificate", () => {
    secrets["much"] = base64(`hunter2\n${ANOTHER_KEY}${KEY}${CERTIFICATE}`)
    for (const { problem, tls } of calledWith({ secret: "much" }, { secret: "much" })) {
      expect([problem, tls?.clientCertificate, tls?.clientKey]).toEqual([null, CERTIFICATE, KEY])
    }
    for (const { problem, tls } of calledWith(undefined, { secret: "key" })) {
      expect([problem, tls?.clientCertificate, tls?.clientKey]).toEqual([null, null, null])
    }
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
