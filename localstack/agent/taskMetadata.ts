import type { ContainerRun } from "./ContainerRun.ts"
import type { TaskRun } from "./TaskRun.ts"

/**
 * What the task metadata endpoint answers, version 4:
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate-response.html
 */
export const containerMetadata = (run: TaskRun, container: ContainerRun): Record<string, unknown> => {
  const { plan } = container
  const state = container.state()
  return {
    DockerId: `${run.plan.taskId}-${plan.name}`,
    Name: plan.name,
    DockerName: plan.name,
    Image: plan.image,
    ContainerARN: plan.containerArn,
    Labels: {
      ...plan.dockerLabels,
      "com.amazonaws.ecs.cluster": run.plan.clusterArn,
      "com.amazonaws.ecs.container-name": plan.name,
      "com.amazonaws.ecs.task-arn": run.plan.taskArn,
      "com.amazonaws.ecs.task-definition-family": run.plan.family,
      "com.amazonaws.ecs.task-definition-version": String(run.plan.revision)
    },
    DesiredStatus: run.desiredStatus(),
    KnownStatus: state.status,
    Type: "NORMAL",
    ...(state.startedAt === undefined ? {} : { StartedAt: state.startedAt.toISOString() }),
    ...(state.exitCode === undefined ? {} : { ExitCode: state.exitCode }),
    ...(plan.healthCheck === undefined || state.health === "UNKNOWN"
      ? {}
      : { Health: { status: state.health, statusSince: state.healthSince.toISOString() } }),
    Networks: [{ NetworkMode: "awsvpc", AttachmentIndex: 0, IPv4Addresses: [run.plan.address] }]
  }
}

export const taskMetadata = (run: TaskRun): Record<string, unknown> => {
  const { plan } = run
  const allRunning = run.containers.every((container) => container.state().status === "RUNNING")
  return {
    Cluster: plan.clusterArn,
    TaskARN: plan.taskArn,
    Family: plan.family,
    Revision: String(plan.revision),
    ...(plan.serviceName === undefined ? {} : { ServiceName: plan.serviceName }),
    DesiredStatus: run.desiredStatus(),
    KnownStatus: allRunning ? "RUNNING" : "PENDING",
    AvailabilityZone: plan.availabilityZone,
    LaunchType: plan.launchType,
    // A container that has not been created yet is missing from a real answer too.
    Containers: run.containers
      .filter((container) => container.state().status !== "PENDING")
      .map((container) => containerMetadata(run, container))
  }
}
