/** Whether a proxy's Envoy is 1.`minor` or newer, as it says itself; false where it says nothing. Pure. */
import type { BootstrapRequest } from "../../model/Bootstrap.ts"

export const envoyAtLeast = ({ version }: BootstrapRequest, minor: number): boolean => {
  const envoy = version?.["envoy"]
  const text = typeof envoy === "object" && envoy !== null && "version" in envoy ? String(envoy.version) : ""
  const [, major = 0, its = 0] = /^v?(\d+)\.(\d+)\./.exec(text)?.map(Number) ?? []
  return major > 1 || (major === 1 && its >= minor)
}
