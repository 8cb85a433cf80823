/**
 * What of this replica is looked at when somebody asks how the mesh is doing. Nothing of it waits, is written, or
 * makes a proxy's configuration anew.
 */
import { Context } from "effect"
import type { ProxyId } from "../../model/ProxyType.ts"
import type { ProxyStream } from "../server/ProxyStream.ts"
import type { MeshView, ZoneView } from "../snapshot/MeshView.ts"
import type { ResourceCache } from "../snapshot/ResourceCache.ts"
import type { TranslateSettings } from "../xds/TranslateSettings.ts"

export type Resources = Pick<typeof ResourceCache.Service, "get" | "list">

export interface Inspector {
  /** Names this replica, as insights do. */
  readonly instanceId: string
  /** Where Envoys' admin interfaces are for others, where no resource says it. */
  readonly adminPort: number
  readonly resources: Resources
  /** What the resources mean together: read it at once, hold on to nothing of it. */
  readonly zone: ZoneView
  /** The proxy's stream, where it is open here. */
  readonly stream: (proxy: ProxyId) => ProxyStream | null
  /** What is known of the proxy's host; what is the same for all where it isn't connected here. */
  readonly settings: (proxy: ProxyId) => TranslateSettings
}

/** Null where there is nothing to look at: an API without a control plane. */
export const Inspector = Context.Reference<Inspector | null>("ecs-mesh/cp/inspect/Inspector", {
  defaultValue: () => null
})

export const meshOf = ({ zone }: Inspector, mesh: string): MeshView | null => {
  const view = zone.meshes.get(mesh)
  return view === undefined || view.resource === null ? null : view
}
