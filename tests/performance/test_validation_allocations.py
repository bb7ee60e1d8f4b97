"""Holding a message against the contract allocates little and keeps nothing."""

import gc
import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from bench.events import a_release
from interlock.adapters.schema_files import load_schema
from interlock.domain.body import parse_body
from interlock.domain.contract import Contract

MOST_PEAK, MOST_KEPT = 32 * 1024, 2 * 1024


@contextmanager
def traced() -> Iterator[Callable[[], tuple[int, int]]]:
    tracemalloc.start()
    try:
        yield tracemalloc.get_traced_memory
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract.of(load_schema("release-request.v1"))


def test_a_valid_message_of_a_kilobyte_takes_at_most_32_kilobytes_at_its_peak(contract: Contract) -> None:
    data = json.dumps(a_release()).encode()
    assert contract.is_valid(parse_body(data))
    with traced() as memory:
        contract.is_valid(parse_body(data))
        assert memory()[1] <= MOST_PEAK


def test_a_thousand_messages_leave_nothing_behind(contract: Contract) -> None:
    valid, invalid = json.dumps(a_release()).encode(), json.dumps({**a_release(), "service": 7}).encode()
    contract.violations(parse_body(invalid))
    with traced() as memory:
        for _ in range(500):
            contract.is_valid(parse_body(valid))
            contract.is_valid(parse_body(invalid))
        gc.collect()
        assert memory()[0] <= MOST_KEPT
