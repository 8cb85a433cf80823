/** What the phases of a measurement work with. */
import type { Api } from "./Api.ts"
import type { Generators } from "./Generators.ts"
import type { Plan } from "./Plan.ts"
import type { Scene } from "./Scene.ts"
import type { Inspector } from "./subject/Inspector.ts"

export interface Ground {
  readonly plan: Plan
  readonly scene: Scene
  readonly api: Api
  readonly generators: Generators
  readonly pids: { readonly subject: number; readonly database: number }
  readonly inspector: Inspector | null
  /** CPU that is taken while nothing happens, of one core: it isn't a change's. */
  idle: { subject: number; database: number }
}
