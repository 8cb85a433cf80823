"""Lets LocalStack's community edition answer ECS: by moto's ECS, which is installed with LocalStack, on LocalStack's
own gateway, beside its IAM, STS, EventBridge and SQS.

LocalStack finds this by the entry point in the folder beside it, which only has to be on PYTHONPATH. Moto keeps records
of tasks and runs nothing: a task is RUNNING from the start until StopTask. It emits no events either, but LocalStack's
PutEvents takes events of `aws.ecs`, so a test puts what it needs.
"""

import sys

from localstack.aws.skeleton import Skeleton
from localstack.aws.spec import load_service
from localstack.services.plugins import Service, aws_provider


@aws_provider()
def ecs():
    from localstack.services.moto import call_moto
    from moto.moto_api import state_manager

    # By default each DescribeTasks moves a task one state nearer to its end.
    state_manager.set_transition("ecs::task", {"progression": "manual", "times": sys.maxsize})
    model = load_service("ecs")
    table = {operation: lambda context, request: call_moto(context) for operation in model.operation_names}
    return Service("ecs", skeleton=Skeleton(model, table))
