/**
 * Keeps the load balancer's targets to the running tasks of `demo-app`, as ECS keeps a target group's: a task enters
 * when its app answers, and leaves as soon as it shall stop.
 */
import { connect } from "node:net"
import type { EcsAgent } from "../../../localstack/agent/EcsAgent.ts"
import type { LoadBalancer } from "../../../localstack/demo/LoadBalancer.ts"

const APP_PORT = 5050
const LOOK_EVERY_MILLIS = 25

const accepts = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 500 })
    const end = (answer: boolean) => () => {
      socket.destroy()
      resolve(answer)
    }
    socket.once("connect", end(true)).once("error", end(false)).once("timeout", end(false))
  })

/** Returns how to stop. */
export const keepTargets = (agent: EcsAgent, balancer: LoadBalancer): () => void => {
  const asking = new Set<string>()
  const look = (): void => {
    const runs = agent.tasks().filter(({ plan }) => plan.serviceName === "demo-app")
    const wanted = new Set(runs.filter((run) => run.desiredStatus() === "RUNNING").map(({ plan }) => plan.taskId))
    for (const id of balancer.targetIds) if (!wanted.has(id)) balancer.deregister(id)
    for (const { plan: { address, taskId } } of runs) {
      if (!wanted.has(taskId) || balancer.targetIds.includes(taskId) || asking.has(taskId)) continue
      asking.add(taskId)
      void accepts(address, APP_PORT).then((ready) => {
        asking.delete(taskId)
        const still = agent.tasks().some((run) => run.plan.taskId === taskId && run.desiredStatus() === "RUNNING")
        if (ready && still) balancer.register(taskId, address, APP_PORT)
      })
    }
  }
  const timer = setInterval(look, LOOK_EVERY_MILLIS)
  return () => clearInterval(timer)
}
