"""Names what a call does, and what it does it to, as AWS does when it judges a policy.

SQS has no permissions of their own for batches: DeleteMessageBatch needs sqs:DeleteMessage.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html

AWS judges PutRule and PutTargets by `rule/NAME` for a rule of the default bus; MiniStack takes `rule/default/NAME` for
the first and no resource at all for the second, so that a policy which holds on AWS would be refused.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
"""

import json

from ministack.core import iam_actions
from ministack.services import eventbridge

_RULE_MEMBER = {"PutRule": "Name", "DescribeRule": "Name", "DeleteRule": "Name", "PutTargets": "Rule",
                "RemoveTargets": "Rule", "ListTargetsByRule": "Rule"}


def _rule_arn(headers, body):
    member = _RULE_MEMBER.get(headers.get("x-amz-target", "").split(".")[-1])
    try:
        request = json.loads(body) if member else {}
    except ValueError:
        return None
    name = request.get(member)
    return eventbridge._rule_arn(name, request.get("EventBusName") or "default") if name else None


def _of_batch(action, headers):
    is_sqs = headers.get("x-amz-target", "").startswith("AmazonSQS.")
    return action.removesuffix("Batch") if action and is_sqs else action


def install():
    original = iam_actions.extract_resource_arn
    action_from_target = iam_actions._action_from_target

    def extract_resource_arn(service, method, path, headers, body, *others, **named):
        arn = _rule_arn(headers, body) if service == "events" else None
        return arn or original(service, method, path, headers, body, *others, **named)

    iam_actions.extract_resource_arn = extract_resource_arn
    iam_actions._action_from_target = lambda headers: _of_batch(action_from_target(headers), headers)
