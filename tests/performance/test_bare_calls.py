"""What a bare call sends is what Google's client library sends: the same routing header, to the same method."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from google.cloud import run_v2
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.cloud.firestore_v1.types import StructuredQuery
from google.cloud.run_v2.services.executions.transports import ExecutionsGrpcTransport
from google.cloud.run_v2.services.jobs.transports import JobsGrpcTransport
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

from interlock.google.cloud_run_jobs import CloudRunJobs
from interlock.google.pubsub import PubsubPublisher
from interlock.ledger.firestore import FirestoreLedger
from interlock.ledger.interface import LedgerUnavailable
from interlock.ledger.records import Key
from interlock.ports import OutgoingMessage, PublishFailed, StartOrder
from tests.build import NOW

TOPIC = "projects/acme:prod/topics/release status"
JOB = "projects/acme-prod/locations/europe-west1/jobs/agent"
EXECUTION = f"{JOB}/executions/agent-1"
DATABASE = "projects/acme-prod/databases/(default)"


@dataclass
class Wire(grpc.GenericRpcHandler):  # type: ignore[type-arg]
    """Refuses every call for good, and keeps its method and its routing header."""

    address: str = ""
    heard: list[tuple[str, str | bytes | None]] = field(default_factory=list)

    def service(self, handler_call_details: Any) -> Any:
        headers = dict(handler_call_details.invocation_metadata)
        self.heard.append((handler_call_details.method, headers.get("x-goog-request-params")))
        return grpc.unary_unary_rpc_method_handler(self._refuse)

    def _refuse(self, _request: bytes, context: grpc.ServicerContext) -> bytes:
        context.abort(grpc.StatusCode.DATA_LOSS, "refused")
        raise AssertionError


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    heard = Wire()
    server = grpc.server(ThreadPoolExecutor(2), handlers=[heard])
    heard.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", heard.address)
    server.start()
    yield heard
    server.stop(0).wait()


Ask = Callable[[str], object]


def official(client: Any, transport: Any, address: str) -> Any:
    return client(transport=transport(channel=grpc.insecure_channel(address)))


def the_query() -> StructuredQuery:
    return StructuredQuery(from_=[{"collection_id": "releases"}])


PAIRS: dict[str, tuple[Ask, Ask]] = {
    "publish": (
        lambda address: PubsubPublisher(address).publish(TOPIC, [OutgoingMessage(data=b"x", attributes={})]),
        lambda address: official(PublisherClient, PublisherGrpcTransport, address).publish(
            topic=TOPIC, messages=[{"data": b"x"}], retry=None
        ),
    ),
    "start": (
        lambda address: CloudRunJobs(address).start(
            StartOrder(job=JOB, environment={}, task_count=None, timeout_seconds=None)
        ),
        lambda address: official(run_v2.JobsClient, JobsGrpcTransport, address).run_job(name=JOB),
    ),
    "look": (
        lambda address: CloudRunJobs(address).status(EXECUTION),
        lambda address: official(run_v2.ExecutionsClient, ExecutionsGrpcTransport, address).get_execution(
            name=EXECUTION
        ),
    ),
    "list": (
        lambda address: CloudRunJobs(address).find(JOB, {}),
        lambda address: official(run_v2.ExecutionsClient, ExecutionsGrpcTransport, address).list_executions(parent=JOB),
    ),
    "stop": (
        lambda address: CloudRunJobs(address).stop(EXECUTION),
        lambda address: official(run_v2.ExecutionsClient, ExecutionsGrpcTransport, address).cancel_execution(
            name=EXECUTION
        ),
    ),
    "read": (
        lambda _: FirestoreLedger("acme-prod", "(default)").read(Key("releases", "one")),
        lambda address: list(
            official(FirestoreClient, FirestoreGrpcTransport, address).batch_get_documents(
                request={"database": DATABASE}
            )
        ),
    ),
    "query": (
        lambda _: FirestoreLedger("acme-prod", "(default)").due(NOW, 10),
        lambda address: list(
            official(FirestoreClient, FirestoreGrpcTransport, address).run_query(
                request={"parent": f"{DATABASE}/documents", "structured_query": the_query()}
            )
        ),
    ),
}


@pytest.mark.parametrize("call", list(PAIRS))
def test_a_bare_call_goes_where_the_client_library_sends_it(wire: Wire, call: str) -> None:
    for ask in PAIRS[call]:
        with suppress(Exception):  # each side tells a refusal in its own way
            ask(wire.address)
    ours, theirs = wire.heard
    assert ours == theirs
    assert ours[1]


def test_a_refused_call_is_told_as_the_port_says(wire: Wire) -> None:
    with pytest.raises(PublishFailed, match="DATA_LOSS: refused"):
        PubsubPublisher(wire.address).publish(TOPIC, [OutgoingMessage(data=b"x", attributes={})])
    with pytest.raises(LedgerUnavailable, match="DATA_LOSS: refused"):
        FirestoreLedger("acme-prod", "(default)").read(Key("releases", "one"))
