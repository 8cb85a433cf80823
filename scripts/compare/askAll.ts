/** Asks one control plane everything, in order; what needs none is asked side by side. */
import { say } from "../../bench/mesh/runMeasurement.ts"
import type { Step } from "./calls.ts"
import { type Answer, type Asked, takeStep } from "./takeStep.ts"

const READS: ReadonlyArray<string> = ["export", "get", "inspect", "version"]

const onlyReads = (step: Step): boolean =>
  "get" in step || ("kumactl" in step && READS.includes(step.kumactl[0] ?? ""))

/** The next steps that need no order among them: a kumactl takes its time to start. */
const sideBySide = (steps: ReadonlyArray<Step>): ReadonlyArray<Step> => {
  const writes = steps.findIndex((step) => !onlyReads(step))
  return steps.slice(0, Math.min(8, Math.max(1, writes === -1 ? steps.length : writes)))
}

export const askAll = async (asked: Asked, steps: ReadonlyArray<Step>): Promise<ReadonlyArray<Answer>> => {
  const answers: Array<Answer> = []
  for (let at = 0; at < steps.length;) {
    const side = sideBySide(steps.slice(at))
    answers.push(...(await Promise.all(side.map((step) => takeStep(asked, step)))).filter((answer) => answer !== null))
    at += side.length
    if (Math.floor(at / 100) > Math.floor((at - side.length) / 100)) say(`${at} of ${steps.length} calls`)
  }
  return answers
}
