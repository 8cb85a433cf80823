/** What the proxies of one zone view have in common. It goes with the view. */
import type { ZoneView } from "../../snapshot/MeshView.ts"
import { OutboundLists } from "../outbounds.ts"
import type { ServiceUse } from "../ProxyTranslation.ts"
import { OutboundParts } from "../translateOutbounds.ts"
import type { XdsResource } from "../XdsResource.ts"
import { onceFor } from "./onceFor.ts"
import { Shared } from "./Shared.ts"

export class SharedResources {
  /** But assignments: those hang on the use of their service (`endpoint/serviceUse.ts`). */
  readonly resources = new Shared<XdsResource>()
  readonly uses = new Shared<ServiceUse>()
  readonly outboundLists = new OutboundLists()
  readonly outboundParts = new OutboundParts(this.resources, this.uses)
}

export const sharedResources: (zone: ZoneView) => SharedResources = onceFor(() => new SharedResources())
