/**
 * What may happen to labels of services while little else does: whoever isn't told of a label that concerns it is right
 * all the same once something else concerns it, so that there is next to nothing else here.
 */
import fc from "fast-check"
import type { Outbound } from "../../../../src/model/Dataplane.ts"
import type { DesiredResource } from "../../../../src/model/Resource.ts"
import {
  anyService, calleeLabels, destinationKind as kind, name, serviceLabel, serviceLabels, type Step
} from "./steps.ts"

const inDefault = { mesh: "default", labels: {} }

const MESH: DesiredResource = {
  type: "Mesh",
  mesh: "",
  name: "default",
  labels: {},
  spec: { mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] } }
}

const ADDRESSES = ["MeshService", "MeshExternalService"].flatMap((kind, at) =>
  ["s1", "s2"].map((service, index): DesiredResource => ({
    type: "ServiceAddress",
    mesh: "",
    name: `127.4.${at}.${index + 1}`,
    labels: {},
    spec: JSON.parse(JSON.stringify({ kind, mesh: "default", service }))
  })))

const SERVED: ReadonlyArray<DesiredResource> = ["a", "b"].map((service) => ({
  type: "Dataplane",
  ...inDefault,
  name: `of-${service}`,
  spec: {
    networking: {
      address: "10.0.0.9",
      inbound: [{ port: 8_080, tags: { "kuma.io/service": service, "kuma.io/protocol": "http" } }]
    }
  }
}))

const picked = fc.oneof(fc.record({ labels: calleeLabels }), fc.record({ name: name("s1", "s2") }))

const caller = fc.record({
  name: name("d1", "d2", "d3", "d4"),
  refs: fc.array(fc.record({ kind, picked }), { maxLength: 2 }),
  reachable: fc.option(fc.array(fc.record({ kind, picked }), { minLength: 1, maxLength: 2 }))
}).map(({ name, reachable, refs }): DesiredResource => ({
  type: "Dataplane",
  ...inDefault,
  name,
  spec: {
    networking: {
      address: "10.0.0.1",
      inbound: [],
      outbound: refs.map(({ kind, picked }, at): Outbound => ({
        port: 20_001 + at, backendRef: { kind, port: 8_080, ...picked }
      })),
      ...(reachable === null ? {} : {
        transparentProxying: {
          reachableBackends: { refs: reachable.map(({ kind, picked }) => ({ kind, ...picked })) }
        }
      })
    }
  }
}))

const service = fc.record({
  kind,
  name: name("s1", "s2"),
  labels: serviceLabels,
  tag: name("a", "b", "nowhere"),
  wanted: calleeLabels
}).map(({ kind, labels, name, tag, wanted }): DesiredResource => {
  const ports = [{ port: 8_080, appProtocol: "http" }]
  const key = { mesh: "default", name, labels }
  switch (kind) {
    case "MeshService": {
      const selector = { dataplaneTags: { "kuma.io/service": tag } }
      return { type: kind, ...key, spec: { state: "Available", selector, ports } }
    }
    case "MeshExternalService":
      return {
        type: kind,
        ...key,
        spec: {
          match: { type: "HostnameGenerator", port: 8_080, protocol: "http" },
          endpoints: [{ address: "10.7.7.7", port: 443 }]
        }
      }
    case "MeshMultiZoneService":
      return { type: kind, ...key, spec: { selector: { meshService: { matchLabels: wanted } }, ports } }
  }
})

const policyName = name("p1", "p2")

const timeout = fc.record({ name: policyName, kind, picked }).map(({ kind, name, picked }): DesiredResource => ({
  type: "MeshTimeout",
  ...inDefault,
  name,
  spec: { to: [{ targetRef: { kind, ...picked }, default: { http: { requestTimeout: "7s" } } }] }
}))

const route = fc.record({ name: policyName, kind, picked, other: kind, backend: picked, isMirror: fc.boolean() })
  .map(({ backend, isMirror, kind, name, other, picked }): DesiredResource => {
    const backendRef = { kind: other, ...backend, port: 8_080, weight: 1 }
    return {
      type: "MeshHTTPRoute",
      ...inDefault,
      name,
      spec: {
        to: [{
          targetRef: { kind, ...picked },
          rules: [{
            matches: [{ path: { type: "PathPrefix", value: "/" } }],
            default: isMirror
              ? { filters: [{ type: "RequestMirror", requestMirror: { backendRef } }] }
              : { backendRefs: [backendRef] }
          }]
        }]
      }
    }
  })

const written = fc.oneof(
  { weight: 4, arbitrary: caller },
  { weight: 4, arbitrary: service },
  { weight: 2, arbitrary: timeout },
  { weight: 2, arbitrary: route }
)

export const labelledMesh = fc.array(written, { minLength: 12, maxLength: 20, size: "max" })
  .map((resources): ReadonlyArray<DesiredResource> => [MESH, ...ADDRESSES, ...SERVED, ...resources])

const label = fc.record({ key: anyService, said: serviceLabel })
  .map(({ key: { type, name }, said }): Step => ({ _tag: "Label", key: { type, mesh: "default", name }, ...said }))

export const labelsStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: label },
  { weight: 1, arbitrary: written.map((resource): Step => ({ _tag: "Put", resource })) },
  { weight: 6, arbitrary: fc.constant<Step>({ _tag: "Settle" }) }
)
