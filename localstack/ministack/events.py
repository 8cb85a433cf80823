"""Puts events of AWS's own sources on MiniStack's EventBridge, which refuses them in PutEvents as AWS does."""

import json
from datetime import datetime, timezone

from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import ecs, eventbridge


def put(source, detail_type, detail, resources):
    """Emits one event in the account and region of the current request scope."""
    event = {
        "EventId": new_uuid(),
        "Source": source,
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
        "EventBusName": "default",
        "Time": int(datetime.now(timezone.utc).timestamp()),
        "Resources": resources,
        "Account": get_account_id(),
        "Region": get_region(),
    }
    view = eventbridge._pattern_event_view(event)
    eventbridge._dispatch_event(event, view)
    eventbridge._archive_event(event, view)


# What a task state change event's detail holds, of the task that DescribeTasks returns:
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
# Neither the task's nor a container's healthStatus is among it, and a change of health emits no event
# (https://github.com/aws/containers-roadmap/issues/1019 and /issues/1515).
_TASK_MEMBERS = (
    "attachments", "attributes", "availabilityZone", "capacityProviderName", "clusterArn", "connectivity",
    "connectivityAt", "containerInstanceArn", "containers", "cpu", "createdAt", "desiredStatus",
    "enableExecuteCommand", "ephemeralStorage", "executionStoppedAt", "group", "lastStatus", "launchType", "memory",
    "overrides", "platformVersion", "pullStartedAt", "pullStoppedAt", "startedAt", "startedBy", "stopCode",
    "stoppedAt", "stoppedReason", "stoppingAt", "taskArn", "taskDefinitionArn", "version",
)
_CONTAINER_MEMBERS = (
    "containerArn", "cpu", "exitCode", "image", "lastStatus", "memory", "name", "networkBindings",
    "networkInterfaces", "reason", "runtimeId", "taskArn",
)


def _present(record, members):
    return {name: record[name] for name in members if record.get(name) not in (None, "")}


def put_task_state_change(task):
    """Emits `ECS Task State Change` with the task as it is; the caller holds the life lock, so events keep their order."""
    detail = _present(ecs._sanitize(task), _TASK_MEMBERS)
    detail["containers"] = [_present(container, _CONTAINER_MEMBERS) for container in detail["containers"]]
    # The API names this attachment's type ElasticNetworkInterface, the event names it eni.
    detail["attachments"] = [{**attachment, "type": "eni"} for attachment in detail["attachments"]]
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    detail["updatedAt"] = now
    put("aws.ecs", "ECS Task State Change", detail, [task["taskArn"]])
