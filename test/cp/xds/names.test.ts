import { describe, expect, it } from "vitest"
import {
  inboundListenerName,
  localClusterName,
  meshClusterName,
  outboundListenerName,
  serviceClusterName,
  sniOf,
  statName
} from "../../../src/cp/xds/names.ts"

describe("the names of Envoy's resources are Kuma's", () => {
  it("for listeners, with brackets around an IPv6 address", () => {
    expect(inboundListenerName("10.0.0.1", 80)).toBe("inbound:10.0.0.1:80")
    expect(outboundListenerName("::1", 80)).toBe("outbound:[::1]:80")
  })

  it("for clusters: the service's, and one of its own where more tags are asked for", () => {
    expect(localClusterName(5000)).toBe("localhost:5000")
    expect(meshClusterName("default", "kv")).toBe("default:kv")
    expect(serviceClusterName({ "kuma.io/service": "backend" })).toBe("backend")
    // As kuma-cp 2.14.3 names them.
    expect(serviceClusterName({ region: "us", "kuma.io/service": "backend" })).toBe("backend-c72efb5be46fae6b")
    expect(serviceClusterName({ "kuma.io/service": "backend", region: "eu" })).toBe("backend-bb38a94289f18fb9")
  })

  it("for SNI: the mesh among the tags, in order", () => {
    expect(sniOf("default", { "kuma.io/service": "backend", region: "us" })).toBe("backend{mesh=default,region=us}")
    expect(sniOf("default", { "kuma.io/service": "backend", az: "1" })).toBe("backend{az=1,mesh=default}")
  })

  it("for statistics: without what separates them", () => {
    expect(statName("localhost:5000")).toBe("localhost_5000")
    expect(statName("inbound:10.0.0.1:80")).toBe("inbound_10_0_0_1_80")
  })
})
