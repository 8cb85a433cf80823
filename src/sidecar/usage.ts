/** What `--help` prints: every flag with the variable that it stands for. */
import { VALUES } from "./parseArguments.ts"

const MEANINGS: Readonly<Record<string, string>> = {
  "--cp-address": "https://HOST:5678 of the control plane",
  "--ca-cert-file": "the CA that vouches for it (its text: KUMA_CONTROL_PLANE_CA_CERT)",
  "--mesh": "the mesh to join (default)",
  "--name": "the proxy's name (the ECS task id)",
  "--proxy-type": "dataplane, ingress or egress (dataplane)",
  "--auth-type": "aws: the task's role; token; none (aws, or token where one is given)",
  "--dataplane-token": "a dataplane token",
  "--dataplane-token-file": "its file, which Envoy rereads",
  "--dataplane": "the Dataplane that this proxy brings along (without the operator), YAML",
  "--dataplane-file": "its file",
  "-d": "the same",
  "--binary-path": "Envoy (envoy on the PATH)",
  "--work-dir": "where bootstrap and token are written (a temporary folder)",
  "--drain-time": "the longest that work in flight is waited for (30s)",
  "--concurrency": "Envoy's worker threads (2 at most)",
  "--envoy-log-level": "trace to off (warning)",
  "--envoy-component-log-level": "component:level,..."
}

const flags = Object.entries(VALUES)
  .map(([flag, variable]) => `  ${flag.padEnd(30)} ${variable.padEnd(48)} ${MEANINGS[flag] ?? ""}`)

export const usage = `ecs-mesh sidecar: Envoy beside a workload, configured by the control plane.

Usage: ecs-mesh sidecar [flags]     (each flag has a variable; the flag wins)

${flags.join("\n")}
  --dataplane-var NAME=VALUE     fills {{ NAME }} in the Dataplane
  --bind-outbounds               KUMA_DATAPLANE_RUNTIME_BIND_OUTBOUNDS            listen at services' own addresses, 127.x.y.z

Variables without a flag
  KUMA_READINESS_PORT            port of GET /ready (9902); ECS_MESH_BIND_ADDRESS its address (0.0.0.0)
  ECS_MESH_ADMIN_PORT            port of Envoy's admin interface (9901); ECS_MESH_ADMIN_ADDRESS its address (127.0.0.1)
  ECS_MESH_AUDIENCE              what the token is bound to (the CA's fingerprint); as the control plane has it
  ECS_MESH_DRAIN_QUIET_TIME      how long nothing must come before it leaves (5s)
  ECS_MESH_STOP_TIMEOUT          the container's stopTimeout (30s)

On ECS      ecs-mesh sidecar --cp-address=https://controlplane.mesh:5678 --ca-cert-file=/ca.pem
Elsewhere   ecs-mesh sidecar --cp-address=https://cp:5678 --ca-cert-file=/ca.pem --dataplane-token-file=/token \\
              --dataplane-file=/dataplane.yaml`
