"""A gRPC server that answers Publish and RunJob as Google does, and keeps what was asked of it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

import grpc
from google.cloud.run_v2.types import Execution, RunJobRequest
from google.longrunning.operations_pb2 import Operation
from google.pubsub_v1.types import PublishRequest, PublishResponse, PubsubMessage


@dataclass
class Recorded:
    """What the functions published, by topic, and the jobs they ran."""

    address: str = ""
    published: dict[str, list[PubsubMessage]] = field(default_factory=dict)
    runs: list[RunJobRequest] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def publish(self, request: PublishRequest, _context: grpc.ServicerContext) -> PublishResponse:
        self.published.setdefault(request.topic.rsplit("/", 1)[-1], []).extend(request.messages)
        return PublishResponse(message_ids=[str(next(self._numbers)) for _ in request.messages])

    def run_job(self, request: RunJobRequest, _context: grpc.ServicerContext) -> Operation:
        self.runs.append(request)
        operation = Operation(name=f"operations/{next(self._numbers)}")
        execution = Execution(name=f"{request.name}/executions/release-agent-{next(self._numbers):05}")
        operation.metadata.Pack(Execution.pb(execution))
        return operation

    def told(self, release_id: str) -> list[str]:
        """Return the states told of the release, in order."""
        events = self.published.get("release-status", [])
        return [one.attributes["state"] for one in events if one.attributes["release_id"] == release_id]


@contextmanager
def recording_server() -> Iterator[Recorded]:
    """Run the server on a free port until the block ends."""
    recorded = Recorded()
    server = grpc.server(ThreadPoolExecutor(4))
    publish = grpc.unary_unary_rpc_method_handler(
        recorded.publish, PublishRequest.deserialize, PublishResponse.serialize
    )
    run_job = grpc.unary_unary_rpc_method_handler(
        recorded.run_job, RunJobRequest.deserialize, Operation.SerializeToString
    )
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler("google.pubsub.v1.Publisher", {"Publish": publish}),
            grpc.method_handlers_generic_handler("google.cloud.run.v2.Jobs", {"RunJob": run_job}),
        )
    )
    recorded.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield recorded
    finally:
        server.stop(0).wait()
