/** What a user names as a source of a certificate is shown to proxies and to who inspects them. */
import { describe, expect, it } from "vitest"
import { ofExternalService, ofMeshExternalService } from "../../../src/cp/snapshot/ExternalBackend.ts"

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
