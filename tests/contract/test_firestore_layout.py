"""Firestore's layout has one list: what it says is queried, the adapter queries, and nothing that is open expires."""

import json
from collections.abc import Iterator
from concurrent import futures
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.cloud.firestore_v1.types import RunQueryRequest, RunQueryResponse, StructuredQuery

from interlock.bootstrap import open_ledger
from interlock.domain.releases.model import OUTCOMES, Outbox, State
from interlock.ledger import firestore
from interlock.ledger.records import RECORD_TYPES, to_row
from tests.build import NOW, a_release

LAYOUT: dict[str, dict[str, Any]] = json.loads(Path(firestore.__file__).with_name("firestore_layout.json").read_text())


@dataclass
class Listener(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # the class takes none at run time
    """A Firestore that finds nothing and keeps the queries."""

    queries: list[StructuredQuery] = field(default_factory=list)

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        if not details.method.endswith("/RunQuery"):
            return None
        return grpc.unary_stream_rpc_method_handler(self._run, RunQueryRequest.deserialize, RunQueryResponse.serialize)

    def _run(self, request: RunQueryRequest, _context: grpc.ServicerContext) -> Iterator[RunQueryResponse]:
        self.queries.append(request.structured_query)
        return iter(())


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    listener = Listener()
    server = grpc.server(futures.ThreadPoolExecutor(1), handlers=[listener])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{port}")
    yield listener
    server.stop(None).wait()


def fields_of(query: StructuredQuery) -> set[str]:
    ordered = {order.field.field_path for order in query.order_by}
    return ordered | ({query.where.field_filter.field.field_path} if query.where else set())


def test_the_ledger_queries_by_the_listed_fields_one_at_a_time(listener: Listener) -> None:
    ledger = open_ledger("firestore://p/d")
    ledger.due(NOW, 10)
    ledger.recent(10)
    for kind in ("releases", "lanes", "dead_letters"):
        assert list(ledger.newest(kind)) == []
    asked: dict[str, set[str]] = {name: set() for name in LAYOUT}
    for query in listener.queries:
        assert len(fields_of(query)) == 1, "a query by two fields needs a composite index"
        asked[query.from_[0].collection_id] |= fields_of(query)
    assert asked == {name: set(one["queried"]) for name, one in LAYOUT.items()}


def test_every_kind_of_record_has_its_line() -> None:
    assert set(LAYOUT) == set(RECORD_TYPES)


def test_no_queried_field_is_without_its_index() -> None:
    for one in LAYOUT.values():
        assert not set(one["queried"]) & set(one["unindexed"])


def test_what_expires_is_a_field_of_the_row() -> None:
    row = to_row(a_release())
    for one in LAYOUT.values():
        assert all(hasattr(row, name) for name in (*one["queried"], *one["unindexed"]))


@pytest.mark.parametrize("state", State)
def test_only_a_closed_release_is_over(state: State) -> None:
    assert (to_row(a_release(state=state)).over_at is not None) == (state in OUTCOMES)


def test_a_closed_release_with_news_to_send_is_not_over() -> None:
    release = a_release(state=State.SUCCEEDED)
    assert to_row(replace(release, outbox=Outbox(resumes=("next",)))).over_at is None
