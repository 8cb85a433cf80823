"""The life of a task as ECS runs it, with the agent outside.

RunTask or the scheduler makes a task PROVISIONING; it gets its network interface and waits PENDING for the agent. The
agent starts the containers and reports RUNNING. A stop only sets desiredStatus: lastStatus stays what it was until the
agent has ended the containers and reports STOPPED. Each step that AWS counts raises `version` by one and emits one
`ECS Task State Change`: a Fargate task's DescribeTasks reads 1 PROVISIONING, 2 PENDING, 3 RUNNING, 4 desiredStatus
STOPPED, 5 DEPROVISIONING, 6 STOPPED.
"""

import random
import threading

from ministack.core.concurrency import resource_lock
from ministack.core.responses import error_response_json, json_response, new_uuid, request_scope
from ministack.services import ecs

import addresses
import events
import service_scheduler

# Held over a change, its event and the scheduling that follows, so that events leave in the order of their versions.
life = threading.RLock()


def _change(task, **members):
    """Applies one counted change and emits its event."""
    with resource_lock("ecs-task", task["taskArn"]):
        task.update(members)
        ecs._bump_task_version(task)
    _publish(task)


def _publish(task):
    cluster = ecs._cluster_name_from_arn(task["clusterArn"])
    ecs._recount_cluster(cluster)
    ecs._refresh_service_state(cluster, task.get("group", ""))
    events.put_task_state_change(task)


def _interface(task, status, address=None):
    details = [{"name": "subnetId", "value": task.get("_subnet") or "subnet-00000000000000001"}]
    if address is not None:
        details += [
            {"name": "networkInterfaceId", "value": f"eni-{random.getrandbits(68):017x}"},
            {"name": "macAddress", "value": "0a:" + ":".join(f"{random.getrandbits(8):02x}" for _ in range(5))},
            {"name": "privateIPv4Address", "value": address},
        ]
    return {"id": new_uuid(), "type": "ElasticNetworkInterface", "status": status, "details": details}


def _provision(task, task_definition, overrides, docker, account_id, region):
    """Takes the place of MiniStack's Docker worker: everything that ECS does before the agent acts."""
    with request_scope(account_id, region), life:
        if task["launchType"] == "FARGATE":
            # A Fargate task runs on no container instance of the account.
            task.pop("containerInstanceArn", None)
            task["attributes"] = [{"name": "ecs.cpu-architecture", "value": "x86_64"}]
        # A task that runs alone belongs to the group of its family.
        task["group"] = task.get("group") or f"family:{task_definition['family']}"
        task["_checked"] = {
            definition["name"]
            for definition in task_definition["containerDefinitions"]
            if definition.get("healthCheck") and definition.get("essential", True)
        }
        awsvpc = task.get("_network_mode") == "awsvpc"
        if awsvpc:
            task["attachments"] = [_interface(task, "PRECREATED")]
        _publish(task)
        if task["desiredStatus"] == "STOPPED":
            return
        if awsvpc:
            address = addresses.next_address()
            interface = {**_interface(task, "ATTACHED", address), "id": task["attachments"][0]["id"]}
            for container in task["containers"]:
                container["networkInterfaces"] = [
                    {"attachmentId": interface["id"], "privateIpv4Address": address}
                ]
            _change(task, lastStatus="PENDING", attachments=[interface])
        else:
            _change(task, lastStatus="PENDING")


def request_stop(task, reason, stop_code):
    """Says that a task shall stop; False when that was said before."""
    with life:
        if task["desiredStatus"] == "STOPPED":
            return False
        _change(task, desiredStatus="STOPPED", stoppingAt=ecs._iso(), stoppedReason=reason, stopCode=stop_code)
        return True


def _stop_and_replace(task_arn, task, reason, stop_code, exit_code=None):
    """Takes the place of MiniStack's mark, which stops a task in one step."""
    with life:
        requested = request_stop(task, reason, stop_code)
        service_scheduler.reconcile_group(task)
        return requested


def _running(task):
    if task["desiredStatus"] == "STOPPED" or task["lastStatus"] == "RUNNING":
        return
    now = ecs._iso()
    _change(task, lastStatus="RUNNING", startedAt=now, pullStartedAt=now, pullStoppedAt=now)


def _stopped(task, reason):
    if task["lastStatus"] == "STOPPED":
        return
    request_stop(task, reason or "Task stopped", "TaskFailedToStart")
    _change(task, lastStatus="DEPROVISIONING")
    now = ecs._iso()
    for container in task["containers"]:
        container["lastStatus"] = "STOPPED"
    gone = [{**attachment, "status": "DELETED"} for attachment in task["attachments"]]
    _change(task, lastStatus="STOPPED", stoppedAt=now, executionStoppedAt=now, attachments=gone)


def _healths(task):
    checked = [c.get("healthStatus") for c in task["containers"] if c["name"] in task.get("_checked", ())]
    if "UNHEALTHY" in checked:
        return "UNHEALTHY"
    return "HEALTHY" if checked and all(status == "HEALTHY" for status in checked) else "UNKNOWN"


def _reported_task(data):
    cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
    return ecs._resolve_task(data.get("task", ""), cluster)


def _submit_task_state_change(data):
    with life:
        task = _reported_task(data)
        if task is None:
            return error_response_json("InvalidParameterException", "The referenced task was not found.", 400)
        if data.get("status") == "RUNNING":
            _running(task)
        elif data.get("status") == "STOPPED":
            _stopped(task, data.get("reason"))
        service_scheduler.reconcile_group(task)
    return json_response({"acknowledgment": "ACCEPT"})


# The agent sends a container's health over a private connection; the public API has no member for it. The demo's agent
# sends it as the reason of a container state change, after this prefix.
HEALTH = "health:"


def _submit_container_state_change(data):
    with life:
        task = _reported_task(data)
        container = task and next((c for c in task["containers"] if c["name"] == data.get("containerName")), None)
        if not container:
            return error_response_json("InvalidParameterException", "The referenced container was not found.", 400)
        reason = data.get("reason") or ""
        if reason.startswith(HEALTH):
            container["healthStatus"] = reason[len(HEALTH):]
            task["healthStatus"] = _healths(task)
        else:
            _container_changed(task, container, data, reason)
        service_scheduler.reconcile_group(task)
    return json_response({"acknowledgment": "ACCEPT"})


def _container_changed(task, container, data, reason):
    with resource_lock("ecs-task", task["taskArn"]):
        container["lastStatus"] = data.get("status", container["lastStatus"])
        for member in ("exitCode", "runtimeId"):
            if member in data:
                container[member] = data[member]
        if reason:
            container["reason"] = reason
    position = task["containers"].index(container)
    if container["lastStatus"] == "STOPPED" and task["_container_essentials"][position]:
        request_stop(task, "Essential container in task exited", "EssentialContainerExited")


class _AgentInPlaceOfDocker:
    """Says to MiniStack that something runs its tasks; it asks for nothing else than that this exists."""


def install():
    service_scheduler.install(life, request_stop)
    ecs._docker = _AgentInPlaceOfDocker()
    ecs._run_task_worker = _provision
    ecs._mark_task_stopped = _stop_and_replace
    ecs._ACTION_MAP["SubmitTaskStateChange"] = _submit_task_state_change
    ecs._ACTION_MAP["SubmitContainerStateChange"] = _submit_container_state_change
