"""One local stack whose functions can be killed at chosen points, and whose servers can be made to fail."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.faults.bench import Bench, a_bench


@pytest.fixture(scope="package")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Return the stack that all faults share; leave it running."""
    with a_bench(tmp_path_factory.mktemp("faults")) as bench:
        yield bench


@pytest.fixture
def ends() -> Iterator[Callable[..., object]]:
    """Return a function that takes what must be called when the test is over."""
    with ExitStack() as stack:
        yield stack.callback
