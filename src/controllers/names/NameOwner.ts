/** Whose a name is, as its mark says it. */

export interface NameOwner {
  /** Names the installation: what tells one owner from another. */
  readonly cluster: string
  /** For whoever reads the mark. */
  readonly zone: string
  /** Clusters that are no more, whose names are this one's now. */
  readonly formerly: ReadonlyArray<string>
}

/** What a mark of that cluster makes a name to its reader; null where it is somebody else's. */
export const ownershipOf = (owner: NameOwner, cluster: string | undefined): "own" | "former" | null => {
  if (cluster === undefined) return null
  if (cluster === owner.cluster) return "own"
  return owner.formerly.includes(cluster) ? "former" : null
}
