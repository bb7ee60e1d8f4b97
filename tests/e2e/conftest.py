"""The local stack for end-to-end tests: one for all of them, and one's own for what harms it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.stack import Stack, plan_for
from tests.e2e.story import Story, make_routes


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return the stack that all tests share; use names of your own, and leave it running."""
    routes = make_routes(tmp_path_factory.mktemp("routes"))
    shared = Stack(plan_for(tmp_path_factory.mktemp("stack"), reconcile_every=2.0, routes=routes))
    try:
        yield shared.up()
    finally:
        shared.down()


@pytest.fixture
def story(stack: Stack) -> Iterator[Story]:
    """Return a listener on the shared stack that hears all from now on."""
    with stack.tail() as tail:
        yield Story(stack, tail)


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    """Return a maker of stacks that end with the test: `own_stack(reconcile_every=1.0)`, fields of Plan."""
    with ExitStack() as ends:

        def make(name: str = "state", **changes: Any) -> Stack:
            made = Stack(plan_for(tmp_path / name, **changes))
            ends.callback(made.down)
            return made.up()

        yield make
