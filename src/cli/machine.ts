/** `ecs-mesh machine KIND`: the phases of a kind of proxy as a Mermaid diagram, read from the machine itself. */
import { machine as dataplane } from "../controllers/dataplane/machine.ts"
import { machine as egress } from "../controllers/egress/machine.ts"
import { machine as ingress } from "../controllers/ingress/machine.ts"

const machines = { dataplane, ingress, egress }

export type MachineKind = keyof typeof machines

export const machineKinds: ReadonlyArray<MachineKind> = ["dataplane", "ingress", "egress"]

/** `isGone` -> `is gone`. */
const inWords = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

/** A stateDiagram-v2 of Mermaid. A transition's text is the guard that opens it. */
export const renderMachine = (kind: MachineKind): string => {
  const { root } = machines[kind]
  const states = Object.values(root.states)
  const initial = root.initial.target.map(({ key }) => `  [*] --> ${key}`)
  const always = states.flatMap((state) =>
    (state.always ?? []).flatMap(({ guard, target }) =>
      (target ?? []).map(({ key }) =>
        `  ${state.key} --> ${key}: ${typeof guard === "string" ? inWords(guard) : "always"}`
      )
    )
  )
  const final = states.filter(({ type }) => type === "final").map(({ key }) => `  ${key} --> [*]`)
  return ["stateDiagram-v2", ...initial, ...always, ...final, ""].join("\n")
}
