"""Emits what CloudTrail puts on EventBridge after the IAM calls that change a role."""

from datetime import datetime, timezone

from ministack.core.responses import get_account_id, new_uuid, request_scope
from ministack.services import iam

import events

# IAM's CloudTrail events reach EventBridge in the partition's home region only:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
HOME_REGION = "us-east-1"


def _tagged(parameters):
    return {"tags": [{"key": tag["Key"], "value": tag["Value"]} for tag in iam._extract_tags(parameters)]}


def _untagged(parameters):
    return {"tagKeys": list(iam._extract_tag_keys(parameters))}


_REQUESTS = {"TagRole": _tagged, "UntagRole": _untagged, "DeleteRole": lambda parameters: {}}


def _put_api_call(name, request_parameters):
    account = get_account_id()
    with request_scope(account, HOME_REGION):
        events.put("aws.iam", "AWS API Call via CloudTrail", {
            "eventVersion": "1.09",
            "userIdentity": {
                "type": "Root",
                "principalId": account,
                "arn": f"arn:aws:iam::{account}:root",
                "accountId": account,
            },
            "eventTime": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "eventSource": "iam.amazonaws.com",
            "eventName": name,
            "awsRegion": HOME_REGION,
            "sourceIPAddress": "127.0.0.1",
            "userAgent": "aws-sdk",
            "requestParameters": request_parameters,
            "responseElements": None,
            "requestID": new_uuid(),
            "eventID": new_uuid(),
            "readOnly": False,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": account,
            "eventCategory": "Management",
        }, [])


def install():
    def emitting(name, handler):
        def handle(parameters):
            response = handler(parameters)
            if response[0] == 200:
                role = iam._p(parameters, "RoleName")
                _put_api_call(name, {"roleName": role, **_REQUESTS[name](parameters)})
            return response
        return handle

    for name in _REQUESTS:
        iam._IAM_HANDLERS[name] = emitting(name, iam._IAM_HANDLERS[name])
