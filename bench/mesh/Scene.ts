/**
 * Who is in the mesh and who calls whom: N proxies are N/10 services of 10 instances each, and each proxy calls ten of
 * them. So each service is called by 100 proxies, whatever N is (from 100 on). Pure.
 */
import type { Member } from "./generator/orders.ts"

export const OUTBOUNDS = 10
export const INSTANCES = 10

export interface Scene {
  readonly proxies: number
  readonly services: number
}

export const sceneOf = (proxies: number): Scene => ({ proxies, services: Math.max(1, Math.floor(proxies / INSTANCES)) })

export const proxyName = (index: number): string => `p${index}`
export const serviceName = (service: number): string => `s${service}`

export const serviceOf = ({ services }: Scene, index: number): number => index % services

export const callsOf = ({ services }: Scene, index: number): ReadonlyArray<number> =>
  Array.from({ length: OUTBOUNDS }, (_, call) => (index + 1 + call) % services)

/** Instances of one service. */
export const instancesOf = ({ proxies, services }: Scene, service: number): number =>
  Math.floor((proxies + services - 1 - service) / services)

export const serviceInstances = (scene: Scene): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Array.from({ length: scene.services }, (_, service) => [serviceName(service), instancesOf(scene, service)])
  )

const addressOf = (index: number): string => `10.${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`

export interface DataplaneState {
  readonly ready?: boolean
  readonly labels?: Readonly<Record<string, string>>
}

/** A Dataplane as the API takes it, and as a sidecar brings it along. */
export const dataplaneOf = (scene: Scene, index: number, { ready = true, labels }: DataplaneState = {}) => ({
  type: "Dataplane",
  mesh: "default",
  name: proxyName(index),
  ...(labels === undefined ? {} : { labels }),
  networking: {
    address: addressOf(index),
    inbound: [{
      port: 8080,
      servicePort: 5000,
      tags: { "kuma.io/service": serviceName(serviceOf(scene, index)), "kuma.io/protocol": "http" },
      state: ready ? "Ready" : "NotReady",
      health: { ready }
    }],
    outbound: callsOf(scene, index).map((service, call) => ({
      port: 10_001 + call,
      tags: { "kuma.io/service": serviceName(service) }
    }))
  }
})

/** All of them, each bringing along what it is. */
export const membersOf = (scene: Scene): ReadonlyArray<Member> =>
  Array.from({ length: scene.proxies }, (_, index) => ({
    name: proxyName(index),
    service: serviceName(serviceOf(scene, index)),
    calls: callsOf(scene, index).map(serviceName),
    dataplane: JSON.stringify(dataplaneOf(scene, index))
  }))

/** A Dataplane of a service that nobody calls. */
export const lonelyDataplane = (ready: boolean) => ({
  type: "Dataplane",
  mesh: "default",
  name: "lonely",
  networking: {
    address: "10.200.0.1",
    inbound: [{
      port: 8080,
      servicePort: 5000,
      tags: { "kuma.io/service": "lonely", "kuma.io/protocol": "http" },
      state: ready ? "Ready" : "NotReady",
      health: { ready }
    }]
  }
})
