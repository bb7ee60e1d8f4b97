"""The floor of a warm dispatch: the RPCs that one release takes, bare, in their order, with nothing decided."""

import os
from functools import cache
from typing import Any

from google.longrunning.operations_pb2 import Operation

from interlock.google_rpc import message_types, open_channel, streaming, unary

_DATABASE = "projects/bench/databases/bare"
_METADATA = (("x-goog-request-params", "bench=1"), ("google-cloud-resource-prefix", _DATABASE))
_BODY = "x" * 2600
"""As long as the record of a release is when it is started."""


class _Calls:
    """The channels, the methods and one ready request for each."""

    def __init__(self) -> None:
        firestore = message_types("google.cloud.firestore_v1", "firestore")
        pubsub = message_types("google.pubsub_v1", "pubsub")
        job = message_types("google.cloud.run_v2", "job")
        ledger = open_channel("", endpoint=os.environ["FIRESTORE_EMULATOR_HOST"])
        news = open_channel("", endpoint=os.environ["PUBSUB_EMULATOR_HOST"])
        run = open_channel("", endpoint=os.environ["INTERLOCK_RUN_ENDPOINT"])
        get, commit = firestore.BatchGetDocumentsRequest.pb(), firestore.CommitRequest.pb()
        publish, run_job = pubsub.PublishRequest.pb(), job.RunJobRequest.pb()
        service = "google.firestore.v1.Firestore"
        self.get = streaming(ledger, f"{service}/BatchGetDocuments", get, firestore.BatchGetDocumentsResponse.pb())
        self.commit = unary(ledger, f"{service}/Commit", commit, firestore.CommitResponse.pb())
        self.publish = unary(news, "google.pubsub.v1.Publisher/Publish", publish, pubsub.PublishResponse.pb())
        self.run_job = unary(run, "google.cloud.run.v2.Jobs/RunJob", run_job, Operation)
        root = f"{_DATABASE}/documents"
        self.asked = get(database=_DATABASE, documents=[f"{root}/releases/r", f"{root}/lanes/l"])
        self.writes = (_write(commit, f"{root}/releases/r", f"{root}/lanes/l"), _write(commit, f"{root}/releases/r"))
        self.news = publish(topic="projects/bench/topics/release-status")
        self.news.messages.add(data=b"x" * 500, attributes={f"attribute-{n}": "x" * 20 for n in range(11)})
        self.order = run_job(name="projects/bench/locations/local/jobs/release-agent")
        box = self.order.overrides.container_overrides.add()
        for number in range(14):
            box.env.add(name=f"INTERLOCK_{number}", value="x" * 20)

    def event(self, *, gets: int, commits: int) -> None:
        """Make the calls of one release; the first commit holds the lane too."""
        for _ in range(gets):
            list(self.get(self.asked, timeout=30, metadata=_METADATA))
        self.commit(self.writes[0], timeout=30, metadata=_METADATA)
        self.run_job(self.order, timeout=30, metadata=_METADATA)
        self.commit(self.writes[1], timeout=30, metadata=_METADATA)
        self.publish(self.news, timeout=30, metadata=_METADATA)
        for _ in range(commits - 2):
            self.commit(self.writes[1], timeout=30, metadata=_METADATA)


def _write(commit: Any, *names: str) -> Any:
    request = commit(database=_DATABASE)
    for name in names:
        document = request.writes.add().update
        document.name = name
        document.fields["body"].string_value = _BODY
        for field in ("state", "lane"):
            document.fields[field].string_value = "started"
        for field in ("due_at", "updated_at"):
            document.fields[field].timestamp_value.FromSeconds(1)
    return request


@cache
def _calls() -> _Calls:
    return _Calls()


def bare(_request: Any) -> tuple[str, int]:
    """Make as many calls as the environment says that a dispatch makes, and answer 204."""
    _calls().event(gets=int(os.environ["BENCH_GETS"]), commits=int(os.environ["BENCH_COMMITS"]))
    return "", 204
