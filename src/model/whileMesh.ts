/** What is put into a mesh is put only while that is there: of one that is removed at that moment nothing is left. */
import type { ResourceKey } from "./Resource.ts"
import type { PutOptions } from "./Store.ts"

export const meshKey = (name: string): ResourceKey<"Mesh"> => ({ type: "Mesh", mesh: "", name })

/** `mesh` is empty for what is in none. */
export const whileMesh = (mesh: string): Pick<PutOptions, "given"> => mesh === "" ? {} : { given: meshKey(mesh) }
