/** Starts the generators of a scene before a subject that runs, and puts together what phases work with. */
import type { Api } from "./Api.ts"
import { Generators } from "./Generators.ts"
import type { Member } from "./generator/orders.ts"
import type { Ground } from "./Ground.ts"
import type { Workplace } from "./runMeasurement.ts"
import { readSigningKey } from "./seedMesh.ts"
import type { Subject } from "./subject/Subject.ts"

export interface GroundParts extends Pick<Subject, "dataplaneServer" | "inspector">, Pick<Ground, "scene" | "pids"> {
  readonly api: Api
  readonly members: ReadonlyArray<Member>
  /** How many instances each service is to have, by its name. */
  readonly instances: Readonly<Record<string, number>>
}

export const startGround = async ({ part, plan }: Workplace, parts: GroundParts): Promise<Ground> => {
  const { api, dataplaneServer, inspector, instances, members, pids, scene } = parts
  const generators = await part(
    Generators.start({
      ...dataplaneServer,
      variant: plan.variant,
      members,
      instances,
      signingKey: await readSigningKey(api)
    }),
    (started) => started.stop()
  )
  return { plan, scene, api, generators, pids, inspector, idle: { subject: 0, database: 0 } }
}
