"""The calls that one dispatch makes, bare: channels, methods, what is sent by them; and its lines in the log."""

import json
import os
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

from interlock.google_rpc import message_type, open_channel, streaming, unary

_DATABASE = "projects/bench/databases/bare"
_ROOT = f"{_DATABASE}/documents"
_METADATA = (("x-goog-request-params", "bench=1"), ("google-cloud-resource-prefix", _DATABASE))
_Get = message_type("google.firestore.v1.BatchGetDocumentsRequest")
_Got = message_type("google.firestore.v1.BatchGetDocumentsResponse")
_Commit = message_type("google.firestore.v1.CommitRequest")
_Committed = message_type("google.firestore.v1.CommitResponse")
_Query = message_type("google.firestore.v1.RunQueryRequest")
_Answer = message_type("google.firestore.v1.RunQueryResponse")
_Publish = message_type("google.pubsub.v1.PublishRequest")
_Published = message_type("google.pubsub.v1.PublishResponse")
_RunJob = message_type("google.cloud.run.v2.RunJobRequest")
_Running = message_type("google.longrunning.Operation")
_SERVICE = "google.firestore.v1.Firestore"
_LOG_LINES = 2
"""As many as a dispatch writes."""


class Calls:
    """Makes and sends requests; answers are not looked at."""

    def __init__(self) -> None:
        ledger = open_channel("", endpoint=os.environ["FIRESTORE_EMULATOR_HOST"])
        news = open_channel("", endpoint=os.environ["PUBSUB_EMULATOR_HOST"])
        run = open_channel("", endpoint=os.environ["INTERLOCK_RUN_ENDPOINT"])
        self._get = streaming(ledger, f"{_SERVICE}/BatchGetDocuments", _Get, _Got)
        self._commit = unary(ledger, f"{_SERVICE}/Commit", _Commit, _Committed)
        self._query = streaming(ledger, f"{_SERVICE}/RunQuery", _Query, _Answer)
        self._publish = unary(news, "google.pubsub.v1.Publisher/Publish", _Publish, _Published)
        self._run_job = unary(run, "google.cloud.run.v2.Jobs/RunJob", _RunJob, _Running)

    def get(self, request: Any) -> None:
        """Read documents, whichever there are."""
        list(self._get(request, timeout=30, metadata=_METADATA))

    def commit(self, request: Any) -> None:
        """Write documents."""
        self._commit(request, timeout=30, metadata=_METADATA)

    def query(self, request: Any) -> None:
        """Find documents, whichever there are."""
        list(self._query(request, timeout=30, metadata=_METADATA))

    def run_job(self, request: Any) -> None:
        """Start an execution."""
        self._run_job(request, timeout=30, metadata=_METADATA)

    def publish(self, request: Any) -> None:
        """Publish a message."""
        self._publish(request, timeout=30, metadata=_METADATA)


@cache
def calls() -> Calls:
    """Return the calls, their channels opened once."""
    return Calls()


def reading(*names: str) -> Any:
    """Return the request that reads these documents."""
    return _Get(database=_DATABASE, documents=[f"{_ROOT}/{name}" for name in names])


def asking() -> Any:
    """Return the query for releases."""
    request = _Query(parent=_ROOT)
    request.structured_query.from_.add(collection_id="releases")
    return request


def writing(bodies: Mapping[str, str]) -> Any:
    """Return the request that writes these documents as the ledger stores records."""
    request = _Commit(database=_DATABASE)
    for name, body in bodies.items():
        document = request.writes.add().update
        document.name = f"{_ROOT}/{name}"
        document.fields["body"].string_value = body
        for field in ("state", "lane"):
            document.fields[field].string_value = "started"
        for field in ("due_at", "updated_at"):
            document.fields[field].timestamp_value.FromSeconds(1)
    return request


def running(environment: Mapping[str, str]) -> Any:
    """Return the request that starts the job with this environment."""
    order = _RunJob(name="projects/bench/locations/local/jobs/release-agent")
    box = order.overrides.container_overrides.add()
    for name, value in environment.items():
        box.env.add(name=name, value=value)
    return order


def telling(data: bytes, attributes: Mapping[str, str]) -> Any:
    """Return the request that publishes this message."""
    request = _Publish(topic="projects/bench/topics/release-status")
    request.messages.add(data=data, attributes=attributes)
    return request


def note(release_id: str) -> None:
    """Write the lines that a dispatch writes, as short as can be."""
    for _ in range(_LOG_LINES):
        sys.stdout.write(json.dumps({"severity": "INFO", "release_id": release_id}) + "\n")
        sys.stdout.flush()
