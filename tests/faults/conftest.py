"""One local stack whose functions can be killed at chosen points."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.stack import Stack, plan_for
from tests.faults.bench import FUNCTIONS, Bench, make_routes
from tests.faults.killing import FAULTS_DIR


@pytest.fixture(scope="package")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Return the stack that all faults share; leave it running."""
    folder = tmp_path_factory.mktemp("faults")
    (folder / "armed").mkdir()
    # A claim must outlive a start, and a taken-over start is what takes the time here.
    times = {"INTERLOCK_LEASE_SECONDS": "3", "INTERLOCK_START_TIMEOUT_SECONDS": "2"}
    plan = plan_for(
        folder / "state",
        functions_source=FUNCTIONS,
        routes=make_routes(folder / "routes.json"),
        reconcile_every=2.0,
        extra_environment={FAULTS_DIR: str(folder / "armed"), **times},
    )
    stack = Stack(plan)
    try:
        yield Bench(stack.up(), folder / "armed", folder / "tally")
    finally:
        stack.down()


@pytest.fixture
def ends() -> Iterator[Callable[..., object]]:
    """Return a function that takes what must be called when the test is over."""
    with ExitStack() as stack:
        yield stack.callback
