"""What never reached Google is told as that, whichever client it was: no credentials, no token, no address."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.api_core.exceptions import ServiceUnavailable
from google.cloud.run_v2 import JobsClient

from interlock.google.clients import credentials, was_never_sent
from interlock.google.cloud_run_jobs import CloudRunJobs
from interlock.google.pubsub import PubsubPublisher
from interlock.ledger.firestore import FirestoreLedger
from interlock.ledger.interface import Commit, LedgerUnavailable
from interlock.ledger.records import Key
from interlock.ports import CloudRunUnavailable, OutgoingMessage, PublishFailed, StartOrder, Throttled
from interlock.results.bucket import GcsResults
from interlock.results.interface import ResultsUnavailable
from tests.build import NOW
from tests.contract.answering_server import AnsweringServer, Failure, answering_server

ORDER = StartOrder(job="projects/p/locations/l/jobs/j", environment={}, task_count=None, timeout_seconds=None)
KEY = Key("releases", "web-1")
MESSAGE = OutgoingMessage(data=b"x", attributes={})
TOPIC = "projects/p/topics/t"


@pytest.fixture
def server() -> Iterator[AnsweringServer]:
    with answering_server() as running:
        yield running


class TestWithoutCredentials:
    @pytest.fixture(autouse=True)
    def nobody(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
        for name in ("GOOGLE_APPLICATION_CREDENTIALS", "FIRESTORE_EMULATOR_HOST", "STORAGE_EMULATOR_HOST"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
        monkeypatch.setenv("NO_GCE_CHECK", "true")
        credentials.cache_clear()
        yield
        credentials.cache_clear()

    def test_no_job_is_started(self) -> None:
        assert isinstance(CloudRunJobs().start(ORDER), Throttled)

    def test_no_execution_can_be_asked_for(self) -> None:
        for ask in (lambda: CloudRunJobs().status("e"), lambda: CloudRunJobs().find("j", {}), lambda: stop("e")):
            with pytest.raises(CloudRunUnavailable, match="credentials"):
                ask()

    def test_nothing_is_published(self) -> None:
        with pytest.raises(PublishFailed, match=f"{TOPIC}: .*credentials"):
            PubsubPublisher().publish(TOPIC, [MESSAGE])

    def test_the_ledger_is_unavailable(self) -> None:
        with pytest.raises(LedgerUnavailable, match="credentials"):
            FirestoreLedger("p", "d").read(KEY)
        with pytest.raises(LedgerUnavailable, match="credentials"):
            FirestoreLedger("p", "d").transact((KEY,), lambda _: Commit({}, None))
        with pytest.raises(LedgerUnavailable, match="credentials"):
            FirestoreLedger("p", "d").due(NOW, 10)

    def test_the_results_are_unavailable(self) -> None:
        with pytest.raises(ResultsUnavailable, match="credentials"):
            GcsResults("bucket", "").owner("web-1", 1)


def stop(execution: str) -> None:
    CloudRunJobs().stop(execution)


def test_a_name_that_nobody_has_was_never_reached() -> None:
    nobody = CloudRunJobs("nobody.invalid:443", start_timeout_seconds=10)
    answer = nobody.start(ORDER)
    assert isinstance(answer, Throttled), answer


def test_a_call_that_got_no_token_was_never_sent(server: AnsweringServer) -> None:
    def no_token(_context: Any, callback: Any) -> None:
        callback((), RuntimeError("the metadata server is down"))

    with_token = grpc.metadata_call_credentials(no_token)  # type: ignore[arg-type]  # a function does as well
    secure = grpc.composite_channel_credentials(grpc.local_channel_credentials(), with_token)
    with grpc.secure_channel(server.address_with_credentials, secure) as channel:
        jobs = JobsClient(transport=JobsClient.get_transport_class("grpc")(channel=channel))
        with pytest.raises(ServiceUnavailable, match="the metadata server is down") as raised:
            jobs.run_job(name=ORDER.job, retry=None, timeout=10)
    assert was_never_sent(raised.value)
    assert server.methods == []


class TestAFailedCall:
    """Told by each port in its own kind, the status by its name."""

    FAILURE = Failure(grpc.StatusCode.DATA_LOSS, "lost")

    def test_of_the_publisher(self, server: AnsweringServer) -> None:
        server.answer("Publish", self.FAILURE)
        with pytest.raises(PublishFailed, match=f"{TOPIC}: DATA_LOSS: lost"):
            PubsubPublisher(server.address).publish(TOPIC, [MESSAGE])

    def test_of_the_ledger(self, server: AnsweringServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", server.address)
        for method in ("BatchGetDocuments", "RunQuery", "Commit"):
            server.answer(method, self.FAILURE)
        ledger = FirestoreLedger("p", "d")
        for ask in (lambda: ledger.read(KEY), lambda: list(ledger.newest("lanes")), lambda: ledger.recent(1)):
            with pytest.raises(LedgerUnavailable, match="DATA_LOSS: lost"):
                ask()

    def test_that_was_repeated_in_vain_tells_the_last_try(self, server: AnsweringServer) -> None:
        server.answer("Publish", Failure(grpc.StatusCode.UNAVAILABLE, "not now"))
        with pytest.raises(PublishFailed, match=f"{TOPIC}: UNAVAILABLE: not now"):
            PubsubPublisher(server.address).publish(TOPIC, [MESSAGE])
        assert len(server.methods) > 1
