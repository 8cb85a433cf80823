/** How a task stands, by an EcsTask's spec or by a decision that has the same fields. Pure. */
import { listAt, textAt } from "./fields.ts"
import type { Standing } from "./Story.ts"

const statusOf = (text: string | null): "True" | "False" | "Unknown" =>
  text === "True" || text === "False" ? text : "Unknown"

export const standingOf = (time: string, spec: unknown): Standing => {
  const mesh = textAt(spec, "proxy", "mesh")
  const proxyType = textAt(spec, "proxy", "proxyType")
  return {
    time,
    phase: textAt(spec, "phase") ?? "unknown",
    proxy: proxyType === null ? null : `${proxyType}${mesh === null || mesh === "" ? "" : ` of mesh ${mesh}`}`,
    conditions: listAt(spec, "conditions").map((condition) => ({
      type: textAt(condition, "type") ?? "",
      status: statusOf(textAt(condition, "status")),
      reason: textAt(condition, "reason") ?? "",
      message: textAt(condition, "message") ?? ""
    }))
  }
}
