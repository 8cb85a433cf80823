"""Starts MiniStack as the demo and the tests need it.

MiniStack keeps ECS tasks as records, starts containers through Docker only, and emits no ECS or CloudTrail events.
This launcher lets an agent outside of it run the containers (task_life.py), starts and replaces a service's tasks as
ECS documents (service_scheduler.py), emits on MiniStack's own EventBridge the events that AWS would emit (events.py,
role_events.py), and judges policies by AWS's names (policy_names.py). It replaces private functions of MiniStack, so
it refuses to run with any version but the one it was written for. It stands in for AWS and is no part of the product.
"""

import os
import sys
from importlib.metadata import version

WRITTEN_FOR = "1.5.33"


def main():
    # Its container image says the version in the environment and has no package metadata.
    found = os.environ.get("MINISTACK_VERSION") or version("ministack")
    if found != WRITTEN_FOR:
        sys.exit(f"localstack/ministack was written for ministack {WRITTEN_FOR}, found {found}: run node bin/setup.mjs")

    from ministack.app import main as serve

    import policy_names

    policy_names.install()
    if os.environ.get("ECS_MESH_EMULATOR_EVENTS", "1") == "1":
        import role_events
        import task_life

        task_life.install()
        role_events.install()
    serve()


if __name__ == "__main__":
    main()
