"""What the functions are sent: one fresh event each, as the platform would deliver it."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

Request = tuple[dict[str, str], str]
JOB = "projects/bench/locations/local/jobs/release-agent"


def now() -> str:
    """Return the time as Pub/Sub writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def a_release() -> dict[str, Any]:
    """Return a request of about 1 KB for a target of its own."""
    name = uuid4().hex[:12]
    return {
        "release_id": f"r-{name}",
        "release_version": "1.2.4",
        "target_env": "staging",
        "service": f"s-{name}",
        "artifact_path": "gs://my-artifacts/my-app-1.2.4.zip",
        "deployment_script": "deploy_staging.sh",
        "artifact_sha256": "a" * 64,
        "script_args": ["--region", "europe-west1", "--verbose"],
        "params": {f"PARAMETER_{number}": f"value number {number}" for number in range(14)},
        "requested_by": "ci@example.com",
        "reason": "a release like any other, with a reason given in some words",
    }


def push(document: Mapping[str, Any], attributes: Mapping[str, str] | None = None) -> Request:
    """Return a push of the message."""
    message_id = str(uuid4().int)[:17]
    message = {
        "data": base64.b64encode(json.dumps(document).encode()).decode(),
        "attributes": dict(attributes or {}),
        "messageId": message_id,
        "message_id": message_id,
        "publishTime": now(),
    }
    return {}, json.dumps({"message": message, "subscription": "projects/bench/subscriptions/bench"})


def a_dispatch() -> Request:
    """Return a push of a fresh release."""
    return push(a_release())


def completion(release_id: str) -> Request:
    """Return the audit log's entry of the execution that the server on loopback named after the release."""
    name = f"release-agent-{release_id}"
    told = {"INTERLOCK_RELEASE_ID": release_id, "INTERLOCK_ATTEMPT": "1", "INTERLOCK_FENCE": "1"}
    variables = [{"name": key, "value": value} for key, value in told.items()]
    execution = {
        "@type": "type.googleapis.com/google.cloud.run.v1.Execution",
        "metadata": {"name": name, "namespace": "1", "labels": {"run.googleapis.com/job": "release-agent"}},
        "spec": {"taskCount": 1, "template": {"spec": {"containers": [{"env": variables}]}}},
        "status": {
            "completionTime": now(),
            "succeededCount": 1,
            "conditions": [{"type": "Completed", "status": "True"}],
        },
    }
    entry = {
        "protoPayload": {
            "serviceName": "run.googleapis.com",
            "methodName": "/Jobs.RunJob",
            "resourceName": f"namespaces/bench/executions/{name}",
            "response": execution,
        },
        "insertId": uuid4().hex,
        "resource": {
            "type": "cloud_run_job",
            "labels": {"job_name": "release-agent", "location": "local", "project_id": "bench"},
        },
        "logName": "projects/bench/logs/cloudaudit.googleapis.com%2Fsystem_event",
        "timestamp": now(),
    }
    headers = {"ce-type": "google.cloud.audit.log.v1.written", "ce-id": uuid4().hex, "ce-specversion": "1.0"}
    return headers, json.dumps(entry)


def a_dead_letter(subscription: str | None = None) -> Request:
    """Return a push of a message that Pub/Sub gave up; one of an incident of its own, if no subscription is given."""
    prefix = "CloudPubSubDeadLetterSource"
    attributes = {
        f"{prefix}DeliveryCount": "5",
        f"{prefix}Subscription": subscription or f"dispatch-release-{uuid4().hex[:12]}",
        f"{prefix}SubscriptionProject": "bench",
        f"{prefix}TopicPublishTime": now(),
    }
    return push(a_release(), attributes)


def a_tick() -> Request:
    """Return the Scheduler's request."""
    return {}, "{}"


MAKERS: Mapping[str, Callable[[], Request]] = {
    "dispatch_release": a_dispatch,
    "alert_dead_letter": a_dead_letter,
    "reconcile_releases": a_tick,
    "empty": a_dispatch,
    "sample": a_dispatch,
}
"""By subject; a completion needs a release that was started before."""
