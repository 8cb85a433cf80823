/**
 * A look without what no decision reads. Docker labels, tags and `--dataplane-var`s may hold whatever their owners put
 * there, passwords too; the journal keeps looks, so what isn't the mesh's is dropped before anybody decides or writes.
 * Pure.
 */
import { LABEL_PREFIX } from "../../model/dataplaneLabels.ts"
import { usesVariable } from "./template.ts"
import type { ContainerDefinition, ObservedDefinition, SidecarDefinition, TaskObservation } from "./TaskObservation.ts"

type Named = Readonly<Record<string, string>>

const KUMA_PREFIX = "kuma.io/"

const isMeshName = (name: string): boolean => name.startsWith(KUMA_PREFIX) || name.startsWith(LABEL_PREFIX)

const only = (all: Named, keep: (name: string) => boolean): Named =>
  Object.fromEntries(Object.entries(all).filter(([name]) => keep(name)))

const narrowSidecar = (sidecar: SidecarDefinition): SidecarDefinition => {
  const { template, templateVariables } = sidecar
  return {
    ...sidecar,
    templateVariables: only(templateVariables, (name) => template !== null && usesVariable(template, name))
  }
}

const narrowContainer = (container: ContainerDefinition): ContainerDefinition => ({
  ...container,
  labels: only(container.labels, isMeshName),
  sidecar: container.sidecar === null ? null : narrowSidecar(container.sidecar)
})

/** Tasks of one definition share what was read of it, and so what is left of that. */
const narrowed = new WeakMap<ObservedDefinition, ObservedDefinition>()

const narrowDefinition = (definition: ObservedDefinition): ObservedDefinition => {
  const known = narrowed.get(definition) ?? { ...definition, containers: definition.containers.map(narrowContainer) }
  narrowed.set(definition, known)
  return known
}

/** `copyTags`: the tags that shall become tags of the inbounds, and so are public anyway. */
export const narrowLook = (look: TaskObservation, copyTags: ReadonlyArray<string>): TaskObservation => {
  const { definition, task } = look
  return {
    ...look,
    task: task === null
      ? null
      : { ...task, tags: only(task.tags, (name) => isMeshName(name) || copyTags.includes(name)) },
    definition: definition === null ? null : narrowDefinition(definition)
  }
}
