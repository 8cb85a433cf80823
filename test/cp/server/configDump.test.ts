import { describe, expect, it } from "vitest"
import { configDump } from "../../../src/cp/server/configDump.ts"
import { ClusterSchema } from "../../../src/cp/proto/envoy/config/cluster/v3/cluster_pb.js"
import { ListenerSchema } from "../../../src/cp/proto/envoy/config/listener/v3/listener_pb.js"
import { UpstreamTlsContextSchema } from "../../../src/cp/proto/envoy/extensions/transport_sockets/tls/v3/tls_pb.js"
import { packAny } from "../../../src/cp/xds/packAny.ts"
import { caSecret, identitySecret } from "../../../src/cp/xds/secret.ts"
import { socketAddress } from "../../../src/cp/xds/socketAddress.ts"
import { toXdsResource } from "../../../src/cp/xds/toXdsResource.ts"
import { snapshotOf } from "../../../src/cp/xds/translateProxy.ts"
import { TypeUrl } from "../../../src/cp/xds/XdsResource.ts"
import { Conversation } from "./conversation.ts"

const KEY = "-----BEGIN PRIVATE KEY-----\nthe key"
const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

const cluster = (name: string, seconds = 1) =>
  toXdsResource(TypeUrl.Cluster, name, ClusterSchema, { name, connectTimeout: { seconds: BigInt(seconds) } })

/** As one of something outside is, with a client certificate of its own. */
const withClientKey = toXdsResource(TypeUrl.Cluster, "pay", ClusterSchema, {
  name: "pay",
  transportSocket: {
    name: "envoy.transport_sockets.tls",
    configType: {
      case: "typedConfig",
      value: packAny(UpstreamTlsContextSchema, {
        commonTlsContext: {
          tlsCertificates: [{
            certificateChain: { specifier: { case: "inlineBytes", value: Buffer.from(CERTIFICATE) } },
            privateKey: { specifier: { case: "inlineBytes", value: Buffer.from(KEY) } }
          }]
        }
      })
    }
  }
})

const identity = identitySecret("default", { certificatePem: CERTIFICATE, privateKeyPem: KEY })
const listener = (name: string, port: number) =>
  toXdsResource(TypeUrl.Listener, name, ListenerSchema, { name, address: socketAddress("127.0.0.1", port) })

const talk = (initial: Readonly<Record<string, string>> = {}): Conversation => {
  const conversation = new Conversation(
    "delta",
    snapshotOf([cluster("a"), withClientKey, identity, caSecret("default", CERTIFICATE), listener("in", 80)])
  )
  conversation.subscribe("Cluster", [], initial)
  return conversation
}

const dumpOf = (conversation: Conversation, rejections: Parameters<typeof configDump>[1]["rejections"] = []) =>
  configDump(
    { subscriptions: conversation.state.subscriptions, snapshot: conversation.snapshot },
    { includeEndpoints: false, rejections }
  )

const part = (dump: unknown, type: string): unknown => {
  const configs: unknown = typeof dump === "object" && dump !== null ? Reflect.get(dump, "configs") : []
  return (Array.isArray(configs) ? configs : []).find((one: unknown) =>
    typeof one === "object" && one !== null && String(Reflect.get(one, "@type")).endsWith(`.${type}`))
}

describe("what a proxy was sent", () => {
  it("waits until it has said that it takes it", () => {
    const conversation = talk()
    expect(part(dumpOf(conversation), "ClustersConfigDump")).toEqual({
      "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump"
    })
    const [sent] = conversation.drain()
    expect(part(dumpOf(conversation), "ClustersConfigDump")).toMatchObject({
      dynamic_warming_clusters: [{ cluster: { name: "a" }, client_status: "REQUESTED" }, {}]
    })
    if (sent !== undefined) conversation.ack(sent)
    const dump = part(dumpOf(conversation), "ClustersConfigDump")
    expect(dump).not.toHaveProperty("dynamic_warming_clusters")
    expect(dump).toMatchObject({
      dynamic_active_clusters: [{
        version_info: cluster("a").version,
        cluster: { "@type": TypeUrl.Cluster, name: "a", connect_timeout: "1s" },
        client_status: "ACKED"
      }, { cluster: { name: "pay" } }]
    })
  })

  it("and refused stands apart, with the reason", () => {
    const conversation = talk()
    const [sent] = conversation.drain()
    if (sent !== undefined) conversation.nack(sent, "no such thing")
    const rejections = [{ typeUrl: TypeUrl.Cluster, message: "no such thing", time: "2026-01-01T00:00:00.000Z" }]
    const dump = part(dumpOf(conversation, rejections), "ClustersConfigDump")
    expect(dump).toMatchObject({
      dynamic_active_clusters: [{
        error_state: {
          failed_configuration: { name: "a" }, details: "no such thing", version_info: cluster("a").version,
          last_update_attempt: "2026-01-01T00:00:00.000Z"
        },
        client_status: "NACKED"
      }, {}]
    })
    expect(dump).not.toHaveProperty("dynamic_active_clusters.0.cluster")
  })

  it("is told of state-of-the-world streams, too", () => {
    const conversation = new Conversation("sotw", snapshotOf([cluster("a")]))
    conversation.request("Cluster")
    const [sent] = conversation.drain()
    expect(part(dumpOf(conversation), "ClustersConfigDump")).toMatchObject({
      dynamic_warming_clusters: [{ cluster: { name: "a" }, client_status: "REQUESTED" }]
    })
    conversation.request("Cluster", [], { nonce: sent?.nonce ?? "", version: sent?.version ?? "" })
    expect(part(dumpOf(conversation), "ClustersConfigDump")).toMatchObject({
      dynamic_active_clusters: [{ version_info: cluster("a").version, cluster: { name: "a" }, client_status: "ACKED" }]
    })
    conversation.snapshot = snapshotOf([cluster("a", 2)])
    const [next] = conversation.drain()
    conversation.request("Cluster", [], { nonce: next?.nonce ?? "", version: sent?.version ?? "", error: "no" })
    expect(part(dumpOf(conversation), "ClustersConfigDump")).toMatchObject({
      dynamic_active_clusters: [{ error_state: { version_info: cluster("a", 2).version }, client_status: "NACKED" }]
    })
  })

  it("of listeners has a state that serves, or one that waits", () => {
    const conversation = talk()
    for (const sent of conversation.drain()) conversation.ack(sent)
    conversation.subscribe("Listener")
    const [sent] = conversation.drain()
    expect(part(dumpOf(conversation), "ListenersConfigDump")).toMatchObject({
      dynamic_listeners: [{ name: "in", warming_state: { listener: { name: "in" } }, client_status: "REQUESTED" }]
    })
    if (sent !== undefined) conversation.ack(sent)
    const version_info = listener("in", 80).version
    expect(part(dumpOf(conversation), "ListenersConfigDump")).toMatchObject({
      dynamic_listeners: [
        { name: "in", active_state: { version_info, listener: { name: "in" } }, client_status: "ACKED" }
      ]
    })
  })

  it("is told by its version where the proxy brought it from another stream", () => {
    const conversation = talk({ a: cluster("a").version, pay: "older" })
    const dump = part(dumpOf(conversation), "ClustersConfigDump")
    expect(dump).toMatchObject({
      dynamic_active_clusters: [
        { version_info: cluster("a").version, cluster: { name: "a" } },
        { version_info: "older" }
      ]
    })
    expect(dump).not.toHaveProperty("dynamic_active_clusters.1.cluster")
  })
})

describe("keys", () => {
  it("are in no dump, neither a secret's nor a cluster's own", () => {
    const conversation = talk()
    conversation.subscribe("Secret", [identity.name, "mesh_ca:secret:default"])
    for (const sent of conversation.drain()) conversation.ack(sent)
    const dump = dumpOf(conversation)
    expect(part(dump, "SecretsConfigDump")).toMatchObject({
      dynamic_active_secrets: [
        {
          name: "identity_cert:secret:default",
          secret: {
            tls_certificate: {
              certificate_chain: { inline_bytes: Buffer.from(CERTIFICATE).toString("base64") },
              private_key: { inline_bytes: Buffer.from("[redacted]").toString("base64") }
            }
          }
        },
        { name: "mesh_ca:secret:default", secret: { validation_context: {} } }
      ]
    })
    const text = JSON.stringify(dump)
    expect(text).toContain("pay")
    expect(text).not.toContain(Buffer.from(KEY).toString("base64").slice(0, 20))
  })
})
