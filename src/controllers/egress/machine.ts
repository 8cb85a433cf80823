/** The phases of a task that runs a zone's egress. */
import { proxyMachine } from "../lifecycle/proxyMachine.ts"

export const machine = proxyMachine("egress")
