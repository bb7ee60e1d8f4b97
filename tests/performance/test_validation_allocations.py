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

MOST_PEAK, MOST_KEPT = 32 * 1024, 8 * 1024


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


def test_a_thousand_messages_more_leave_nothing_behind(contract: Contract) -> None:
    bodies = [json.dumps(one).encode() for one in (a_release(), {**a_release(), "service": 7})]

    def validate(times: int) -> None:
        for _ in range(times):
            for body in bodies:
                contract.is_valid(parse_body(body))
        gc.collect()

    with traced() as memory:
        validate(1000)
        before = memory()[0]
        validate(500)
        assert memory()[0] - before <= MOST_KEPT
