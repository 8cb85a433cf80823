/**
 * One connected proxy: its translation, its secrets, the snapshot that both made up last, and who is to be told of it.
 */
import type { ProxyId } from "../../model/ProxyType.ts"
import type { Dependent } from "../xds/Dependents.ts"
import type { KeptTranslation } from "../xds/KeptTranslation.ts"
import type { ServiceUse } from "../xds/ProxyTranslation.ts"
import { ResourceSet } from "../xds/ResourceSet.ts"
import { type ProxySnapshot, TypeUrl } from "../xds/XdsResource.ts"
import type { HeldCertificates } from "./ProxyCertificates.ts"
import type { Follower } from "./ProxySnapshots.ts"

/** What a proxy is told that came before its mesh. */
const nothing: ProxySnapshot = new Map([
  [TypeUrl.ClusterLoadAssignment, ResourceSet.empty],
  [TypeUrl.Secret, ResourceSet.empty]
])

export class FollowedProxy implements Dependent {
  readonly translation: KeptTranslation
  readonly held: HeldCertificates
  /** Each with the snapshot that it was told last. */
  readonly followers = new Map<Follower, ProxySnapshot | null>()
  /** Services (`serviceKey`) whose assignments may be others than it has. */
  services: ReadonlyArray<string> = []
  /** Its tags, its mesh's CA or its mesh's mTLS may be others than its certificate was issued for. */
  doubtsSecrets = false
  #snapshot: ProxySnapshot | null = null
  #resources: KeptTranslation["resources"] | null = null
  #secrets = ResourceSet.empty

  constructor(translation: KeptTranslation, held: HeldCertificates) {
    this.translation = translation
    this.held = held
  }

  get proxy(): ProxyId {
    return this.translation.proxy
  }

  get uses(): ReadonlyArray<ServiceUse> {
    return this.translation.uses
  }

  get reads(): ReadonlyArray<string> {
    return this.translation.reads
  }

  get bindsOutbounds(): boolean {
    return this.translation.bindsOutbounds
  }

  get failure(): string | null {
    return this.translation.failure
  }

  /** The last that could be built; null until the first. */
  get snapshot(): ProxySnapshot | null {
    return this.#snapshot
  }

  /** Makes the newest snapshot. It stays the same object, and each of its types does, where nothing is another. */
  build(): void {
    const { endpoints, presence, resources, secretMeshes } = this.translation
    if (presence !== "There") {
      // What is gone (its resource, its mesh) takes nothing from a proxy that runs: it drains with what it has.
      if (presence === "Meshless") this.#snapshot ??= nothing
      return
    }
    // Before its first certificate nothing that needs one is of use to it, and afterwards it keeps the one it has.
    if (secretMeshes.some((mesh) => !this.held.secrets.has(mesh))) return
    const secrets = this.#secrets.next(secretMeshes.flatMap((mesh) => this.held.secrets.get(mesh) ?? []))
    if (
      this.#resources === resources && this.#secrets === secrets &&
      this.#snapshot?.get(TypeUrl.ClusterLoadAssignment) === endpoints
    ) return
    this.#resources = resources
    this.#secrets = secrets
    this.#snapshot = new Map<TypeUrl, ResourceSet>(resources)
      .set(TypeUrl.ClusterLoadAssignment, endpoints)
      .set(TypeUrl.Secret, secrets)
  }
}
