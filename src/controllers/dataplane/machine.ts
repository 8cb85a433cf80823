/** The phases of a task that runs a workload's proxy. */
import { proxyMachine } from "../lifecycle/proxyMachine.ts"

export const machine = proxyMachine("dataplane")
