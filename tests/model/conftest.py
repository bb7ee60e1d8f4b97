"""A life that a test scripts itself; in the end the world goes quiet and is judged, as every life is."""

from collections.abc import Iterator

import pytest

from tests.model.machine import Life


@pytest.fixture
def life() -> Iterator[Life]:
    life = Life()
    yield life
    life.teardown()
