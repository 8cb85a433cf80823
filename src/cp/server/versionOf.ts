/** The version of several resources: a hash over names and versions. */
import { hash } from "node:crypto"
import { onceFor } from "../xds/share/onceFor.ts"
import type { XdsResource } from "../xds/XdsResource.ts"
import type { Resources } from "./Subscription.ts"

/** Every replica gives the same resources the same version, whatever their order. Pure. */
export const versionOf = (resources: ReadonlyArray<XdsResource>): string => {
  const lines = resources.map(({ name, version }) => JSON.stringify([name, version])).sort()
  return hash("sha256", lines.join("\n"), "hex").slice(0, 16)
}

/** A snapshot's map never changes, and is asked about with each push to those who read the state of the world. */
export const versionOfAll = onceFor((resources: Resources): string => versionOf([...resources.values()]))
