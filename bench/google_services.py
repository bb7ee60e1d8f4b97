"""The gRPC services of Google's side on loopback: Firestore, Pub/Sub's Publish and Cloud Run's RunJob.

It answers as little as the functions need, so that what is measured is them; and it counts every call by method.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import grpc
from google.cloud.firestore_v1.types import firestore
from google.cloud.run_v2.types import execution, job
from google.longrunning.operations_pb2 import Operation
from google.pubsub_v1.types import pubsub

_Commit, _Committed = firestore.CommitRequest.pb(), firestore.CommitResponse.pb()
_Get, _Got = firestore.BatchGetDocumentsRequest.pb(), firestore.BatchGetDocumentsResponse.pb()
_Query, _Answered = firestore.RunQueryRequest.pb(), firestore.RunQueryResponse.pb()
_Publish, _Published = pubsub.PublishRequest.pb(), pubsub.PublishResponse.pb()
_RunJob, _Execution = job.RunJobRequest.pb(), execution.Execution.pb()

Context = Any
RESET, COUNTS = "/bench.Control/Reset", "/bench.Control/Counts"


@dataclass
class Google:
    """The documents, and how often each method was called, for how many documents and messages."""

    documents: dict[str, Any] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    _ticks: "count[int]" = field(default_factory=lambda: count(1))

    async def get(self, request: Any, _context: Context) -> AsyncIterator[Any]:
        """Answer BatchGetDocuments."""
        self.calls["BatchGetDocuments"] += 1
        self.calls["read"] += len(request.documents)
        for name in request.documents:
            found = self.documents.get(name)
            yield _Got(found=found) if found is not None else _Got(missing=name)

    async def commit(self, request: Any, context: Context) -> Any:
        """Write all or nothing: a precondition that does not hold fails the commit, as it does at Google."""
        self.calls["Commit"] += 1
        self.calls["written"] += len(request.writes)
        for write in request.writes:
            if not self._holds(write):
                await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "somebody else was faster")
        tick = next(self._ticks)
        answer = _Committed()
        for write in request.writes:
            document = write.update
            document.update_time.FromMicroseconds(tick)
            self.documents[document.name] = document
            answer.write_results.add(update_time=document.update_time)
        return answer

    def _holds(self, write: Any) -> bool:
        condition, found = write.current_document, self.documents.get(write.update.name)
        if condition.HasField("exists"):
            return bool(condition.exists) == (found is not None)
        if condition.HasField("update_time"):
            return found is not None and bool(found.update_time == condition.update_time)
        return True

    async def query(self, request: Any, _context: Context) -> AsyncIterator[Any]:
        """Answer `due_at <= instant`; the functions ask nothing else."""
        self.calls["RunQuery"] += 1
        asked = request.structured_query
        folder = f"{request.parent}/{asked.from_[0].collection_id}/"
        limit = asked.where.field_filter.value.timestamp_value
        for name, document in list(self.documents.items()):
            due = document.fields["due_at"].timestamp_value
            if name.startswith(folder) and due.seconds and due.seconds <= limit.seconds:
                yield _Answered(document=document)

    async def publish(self, request: Any, _context: Context) -> Any:
        """Confirm the messages and forget them."""
        self.calls["Publish"] += 1
        self.calls["published"] += len(request.messages)
        return _Published(message_ids=[str(next(self._ticks)) for _ in request.messages])

    async def run_job(self, request: Any, _context: Context) -> Any:
        """Name an execution after the release, so that whoever made the load knows it."""
        self.calls["RunJob"] += 1
        variables = {one.name: one.value for one in request.overrides.container_overrides[0].env}
        name = f"{request.name}/executions/release-agent-{variables.get('INTERLOCK_RELEASE_ID', 'bare')}"
        operation = Operation(name=f"operations/{next(self._ticks)}")
        operation.metadata.Pack(_Execution(name=name))  # with its type, which the official client looks at
        return operation

    async def reset(self, _request: bytes, _context: Context) -> bytes:
        """Forget everything."""
        self.documents.clear()
        self.calls.clear()
        return b""

    async def counts(self, _request: bytes, _context: Context) -> bytes:
        """Tell how often each method was called since the last reset."""
        return repr(dict(self.calls)).encode()


def _unary(method: Callable[..., Any], request: Any, answer: Any) -> Any:
    return grpc.unary_unary_rpc_method_handler(method, request.FromString, answer.SerializeToString)


def _stream(method: Callable[..., Any], request: Any, answer: Any) -> Any:
    return grpc.unary_stream_rpc_method_handler(method, request.FromString, answer.SerializeToString)


def handlers(google: Google) -> list[Any]:
    """Return the services as gRPC takes them."""
    services = {
        "google.firestore.v1.Firestore": {
            "BatchGetDocuments": _stream(google.get, _Get, _Got),
            "Commit": _unary(google.commit, _Commit, _Committed),
            "RunQuery": _stream(google.query, _Query, _Answered),
        },
        "google.pubsub.v1.Publisher": {"Publish": _unary(google.publish, _Publish, _Published)},
        "google.cloud.run.v2.Jobs": {"RunJob": _unary(google.run_job, _RunJob, Operation)},
        "bench.Control": {
            "Reset": grpc.unary_unary_rpc_method_handler(google.reset),
            "Counts": grpc.unary_unary_rpc_method_handler(google.counts),
        },
    }
    return [grpc.method_handlers_generic_handler(name, methods) for name, methods in services.items()]
