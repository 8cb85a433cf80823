/** What a running demo prints when it stands. */
import { apiOf } from "./DemoState.ts"
import type { DemoWorld } from "./DemoWorld.ts"

type Standing = Pick<DemoWorld, "folder" | "journal" | "ports"> & { readonly balancer: { readonly url: string } }

export const whatToTry = ({ balancer, folder, journal, ports }: Standing): string => {
  const api = apiOf({ ports })
  return `
Look at
  ${balancer.url}/   the counter: your browser -> load balancer -> demo-app -> Envoy =mTLS=> Envoy -> kv
  ${api}/meshes/default/dataplanes/_overview   every proxy, and what it acknowledged
  ${api}/ecs-tasks   every task: its phase, and why
  http://127.0.0.1:${ports.diagnostics}/metrics   Prometheus metrics
  ${journal}   every event, observation and decision
  ${folder}   all logs

Try, in another terminal
  kumactl config control-planes add --name demo --address ${api} --overwrite     Kuma's own kumactl
  curl -X POST ${balancer.url}/api/counter
  bin/ecs-mesh demo scale kv 3              a task more: watch it join
  bin/ecs-mesh demo stop kv                 stop a task of kv: its endpoint leaves first
  bin/ecs-mesh demo roll demo-app           replace every task of demo-app
  bin/ecs-mesh demo refuse untagged         run a task whose role has no tags, and read why it's refused
  bin/ecs-mesh demo refuse impostor         run a task that says it's kv, by the role of another service
  bin/ecs-mesh explain ID --address ${api}      what became of a task, and why; the beginning of its id will do
  bin/ecs-mesh replay ${journal}     decide all of it again
  bin/ecs-mesh demo tag kv kuma.io/mesh=other      take the right away, and give it back with kuma.io/mesh=default
  curl -X DELETE ${api}/meshes/default/meshtrafficpermissions/allow-all     nobody may call anybody
  curl -X PUT ${api}/meshes/default/meshtrafficpermissions/allow-all -H 'content-type: application/json' \\
    -d '{"type":"MeshTrafficPermission","mesh":"default","name":"allow-all","spec":{"targetRef":{"kind":"Mesh"},"from":[{"targetRef":{"kind":"Mesh"},"default":{"action":"Allow"}}]}}'

Ctrl-C ends everything.
`
}
