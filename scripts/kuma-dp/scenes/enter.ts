/** Three workloads, an ingress and an egress enter; one of the workloads is the others' caller. */
import { join } from "node:path"
import { askKumactl, pointTo, writeToken } from "../askKumactl.ts"
import { lookUntil } from "../lookUntil.ts"
import { statusOf } from "../Proxy.ts"
import type { Scene, World } from "../World.ts"
import { APP_WITH_FIGURES, applyMesh } from "./applyMesh.ts"

/** Gives the file of the zone proxies' token. */
const prepare = async (world: World): Promise<string> => {
  const { controlPlane, folder, kumactl, tokenFile } = world
  await controlPlane.start()
  await pointTo(kumactl, controlPlane.api)
  await applyMesh(world)
  await writeToken(kumactl, tokenFile, "dataplane-token", "--mesh", "default")
  const zoneTokenFile = join(folder, "zone.token")
  await writeToken(kumactl, zoneTokenFile, "zone-token", "--zone", "default", "--scope", "ingress,egress")
  return zoneTokenFile
}

export const enter: Scene = async (world, tell) => {
  const token = await prepare(world)
  await world.enterApp("b1", APP_WITH_FIGURES, "backend")
  await world.enterApp("b2", "127.0.0.13", "backend")
  await world.enterApp("front", "127.0.0.11", "front", { template: "caller.yaml", args: ["--bind-outbounds"] })
  for (const [type, address, port] of [["ingress", "127.0.0.14", 10_001], ["egress", "127.0.0.15", 10_002]] as const) {
    await world.enter({ name: type, type, address, template: `${type}.yaml`, token, variables: { port } })
  }
  const all = world.proxies()

  const statuses = await Promise.all(all.map(({ readiness }) =>
    lookUntil(() => statusOf(readiness), (status) => status === 200)))
  tell({
    what: "readiness of kuma-dp",
    seen: all.map(({ name }, index) => `${name} ${statuses[index]}`).join(", "),
    holds: statuses.every((status) => status === 200)
  })

  const outside = await Promise.all(all.map(({ outside }) =>
    lookUntil(
      async () => `${await statusOf(`${outside}/ready`)}/${await statusOf(`${outside}/config_dump`)}`,
      (seen) => seen === "200/404"
    )))
  tell({
    what: "Envoy's admin from outside: /ready, no /config_dump",
    seen: all.map(({ name }, index) => `${name} ${outside[index]}`).join(", "),
    holds: outside.every((seen) => seen === "200/404")
  })

  const online = await lookUntil(
    async () =>
      (await askKumactl(world.kumactl, "inspect", "dataplanes")).split("\n")
        .map((line) => /^default\s+(\S+)\s.*\sOnline\s/.exec(line)?.[1])
        .filter((name) => name !== undefined),
    (names) => names.length === 3
  )
  tell({
    what: "kumactl inspect dataplanes: Online",
    seen: online?.join(", ") ?? "nothing",
    holds: online?.toSorted().join() === "b1,b2,front"
  })
}
