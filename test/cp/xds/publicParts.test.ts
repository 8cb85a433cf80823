import type { MessageInitShape } from "@bufbuild/protobuf"
import { describe, expect, it } from "vitest"
import { ClusterSchema } from "../../../src/cp/proto/envoy/config/cluster/v3/cluster_pb.js"
import { ListenerSchema } from "../../../src/cp/proto/envoy/config/listener/v3/listener_pb.js"
import {
  type CommonTlsContextSchema,
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema
} from "../../../src/cp/proto/envoy/extensions/transport_sockets/tls/v3/tls_pb.js"
import { packAny } from "../../../src/cp/xds/packAny.ts"
import { renderAsEnvoy } from "../../../src/cp/xds/renderAsEnvoy.ts"
import { renderResource } from "../../../src/cp/xds/renderSnapshot.ts"
import { identitySecret } from "../../../src/cp/xds/secret.ts"
import { toXdsResource } from "../../../src/cp/xds/toXdsResource.ts"
import { TypeUrl, type XdsResource } from "../../../src/cp/xds/XdsResource.ts"

const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
const KEY = "-----BEGIN PRIVATE KEY-----\nBBBB\n-----END PRIVATE KEY-----\n"
const WORD = "hunter2hunter2"

const bytes = (text: string) => ({ specifier: { case: "inlineBytes", value: Buffer.from(text) } }) as const
const text = (value: string) => ({ specifier: { case: "inlineString", value } }) as const

const tls: MessageInitShape<typeof CommonTlsContextSchema> = {
  tlsCertificates: [{
    certificateChain: text(`${KEY}${CERTIFICATE}${WORD}`), privateKey: text(KEY), password: text(WORD), ocspStaple: bytes(WORD)
  }],
  validationContextType: { case: "validationContext", value: { trustedCa: bytes(`${CERTIFICATE}${KEY}`), crl: bytes(WORD) } }
}
const name = "envoy.transport_sockets.tls"
const typed = <A>(value: A) => ({ name, configType: { case: "typedConfig", value } }) as const

const resources: Readonly<Record<string, XdsResource>> = {
  cluster: toXdsResource(TypeUrl.Cluster, "c", ClusterSchema, {
    name: "c",
    transportSocket: typed(packAny(UpstreamTlsContextSchema, { commonTlsContext: tls })),
    transportSocketMatches: [{ name: "m", transportSocket: typed(packAny(UpstreamTlsContextSchema, { commonTlsContext: tls })) }]
  }),
  listener: toXdsResource(TypeUrl.Listener, "l", ListenerSchema, {
    name: "l",
    filterChains: [{ transportSocket: typed(packAny(DownstreamTlsContextSchema, { commonTlsContext: tls })) }]
  }),
  secret: identitySecret("default", { certificatePem: `${CERTIFICATE}${KEY}`, privateKeyPem: KEY })
}

/** Bytes as the text that they are. */
const legible = (value: unknown): string =>
  JSON.stringify(value).replace(/"inline_?[bB]ytes":"([^"]*)"/g, (_, base64: string) => Buffer.from(base64, "base64").toString())

describe.each([["of a dump", renderAsEnvoy], ["of our own", renderResource]] as const)("the JSON %s", (_, render) => {
  it.each(Object.keys(resources))("shows of a %s's TLS its certificates and nothing else, whatever stands there", (kind) => {
    const resource = resources[kind]
    const shown = resource === undefined ? "" : legible(render(resource))
    expect(shown).not.toContain("BBBB")
    expect(shown).not.toContain(WORD)
    if (!(kind === "secret" && render === renderResource)) expect(shown).toContain("AAAA")
  })
})
