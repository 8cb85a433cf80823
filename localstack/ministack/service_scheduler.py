"""Keeps each service at its desired count and rolls its deployments, as ECS documents its service scheduler:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html

A task that shall stop counts no more, though it still runs. A new deployment starts its tasks first, within
maximumPercent; an old task is told to stop only while minimumHealthyPercent of the tasks stay up, where a task is up
once it runs and its health check, when it has one, says HEALTHY.
"""

import math
import threading

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import ecs

# A service whose tasks fail to start isn't restarted in a hot loop.
_PAUSE_AFTER_FAILURE_SECONDS = 1.0

_request_stop = None


def _is_up(task):
    if task["lastStatus"] != "RUNNING":
        return False
    return task.get("healthStatus") == "HEALTHY" if task.get("_checked") else True


def _tasks_of(service):
    group = f"service:{service['serviceName']}"
    return sorted(
        (task for task in list(ecs._tasks.values())
         if task.get("group") == group
         and task["clusterArn"] == service["clusterArn"]
         and task["desiredStatus"] == "RUNNING"),
        key=lambda task: task["createdAt"],
    )


def _start(cluster, service, deployment, count):
    ecs._run_task({
        "cluster": cluster,
        "taskDefinition": service["taskDefinition"],
        "count": count,
        "group": f"service:{service['serviceName']}",
        "startedBy": deployment["id"],
        "launchType": service.get("launchType"),
        "capacityProviderStrategy": service.get("capacityProviderStrategy"),
        "platformVersion": service.get("platformVersion", ""),
        "networkConfiguration": service.get("networkConfiguration", {}),
        "enableExecuteCommand": service.get("enableExecuteCommand", False),
        "tags": service.get("tags", []) if service.get("propagateTags") == "SERVICE" else [],
        "_deploymentId": deployment["id"],
    })


def _stop(tasks, reason):
    for task in tasks:
        _request_stop(task, reason, "ServiceSchedulerInitiated")


def reconcile(cluster, key):
    """Takes the place of MiniStack's reconciliation, which stops a task in one step and doesn't look at its health."""
    service = ecs._services.get(key)
    deployment = ecs._primary_deployment(service) if service else None
    if not deployment or service["status"] != "ACTIVE":
        return
    unhealthy = [task for task in _tasks_of(service) if task.get("healthStatus") == "UNHEALTHY"]
    _stop(unhealthy, "Task failed container health checks")

    tasks = _tasks_of(service)
    current = [task for task in tasks if task.get("_deployment_id") == deployment["id"]]
    old = [task for task in tasks if task.get("_deployment_id") != deployment["id"]]
    desired = service["desiredCount"]
    limits = service.get("deploymentConfiguration") or {}
    most = max(1, desired * int(limits.get("maximumPercent", 200)) // 100)
    least = math.ceil(desired * int(limits.get("minimumHealthyPercent", 100)) / 100)

    _stop(current[desired:], f"Scaling activity initiated by (deployment {deployment['id']})")
    up = [task for task in current[:desired] if _is_up(task)]
    old_up = [task for task in old if _is_up(task)]
    spare = max(0, len(up) + len(old_up) - least)
    # Old tasks that aren't up serve nobody: they go first and need no spare.
    leaving = [task for task in old if task not in old_up] + old_up[:spare]
    _stop(leaving, f"Scaling activity initiated by (deployment {deployment['id']})")

    missing = min(desired - len(current), most - len(current) - (len(old) - len(leaving)))
    if missing > 0:
        _start(cluster, service, deployment, missing)
    if len(up) == desired and not [task for task in old if task not in leaving]:
        deployment.update(rolloutState="COMPLETED", rolloutStateReason="ECS deployment completed.")
        service["deployments"] = [deployment]
    ecs._refresh_service_state(cluster, f"service:{service['serviceName']}")
    ecs._recount_cluster(cluster)


def reconcile_group(task):
    """Reconciles the service that a task belongs to, after the task changed."""
    group = task.get("group", "")
    if not group.startswith("service:"):
        return
    cluster = ecs._cluster_name_from_arn(task["clusterArn"])
    key = f"{cluster}/{group.split(':', 1)[1]}"
    if task.get("stopCode") not in ("EssentialContainerExited", "TaskFailedToStart"):
        ecs._reconcile_service_tasks(cluster, key)
        return
    account_id, region = get_account_id(), get_region()

    def later():
        with request_scope(account_id, region):
            ecs._reconcile_service_tasks(cluster, key)

    pause = threading.Timer(_PAUSE_AFTER_FAILURE_SECONDS, later)
    pause.daemon = True
    pause.start()


def install(life, request_stop):
    global _request_stop
    _request_stop = request_stop

    def reconcile_alone(cluster, key):
        with life:
            reconcile(cluster, key)

    ecs._reconcile_service_tasks = reconcile_alone
