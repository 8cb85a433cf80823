/** Whose a name is, as its mark says it. */
import type { NameThere } from "./NameStore.ts"

export interface NameOwner {
  /** Names the installation: what tells one owner from another. */
  readonly cluster: string
  /** For whoever reads the mark. */
  readonly zone: string
  /** Clusters that are no more, whose names are this one's now. */
  readonly formerly: ReadonlyArray<string>
}

/** A name that bears the mark of that cluster. `address`: null where only the mark is left. */
export const markedName = (owner: NameOwner, cluster: string, address: string | null): NameThere => {
  if (cluster === owner.cluster) return { owner: "us", address }
  return owner.formerly.includes(cluster) ? { owner: "us", address, isFormer: true } : { owner: "others", cluster }
}
