/** Each export reads up to the whole journal from disk. */
const AT_ONCE = 4

/** One server's exports of its journal that are under way. */
export class ExportPlaces {
  #taken = 0

  /** Gives the place back when it is called, once; null where all are taken. */
  take(): (() => void) | null {
    if (this.#taken >= AT_ONCE) return null
    this.#taken += 1
    let given = false
    return () => {
      if (!given) this.#taken -= 1
      given = true
    }
  }
}
