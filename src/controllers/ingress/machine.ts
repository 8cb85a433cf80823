/** The phases of a task that runs a zone's ingress. */
import { proxyMachine } from "../lifecycle/proxyMachine.ts"

export const machine = proxyMachine("ingress")
