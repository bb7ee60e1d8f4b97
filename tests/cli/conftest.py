"""Sandboxes for commands: the seeded ledger on SQLite, and a Pub/Sub of our own to publish on."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from interlock.bootstrap import open_ledger
from interlock_local.emulators.google_emulators import GoogleEmulator
from tests.cli.pubsub_topics import pubsub_with_topics
from tests.cli.sandbox import Sandbox, inside
from tests.cli.seed import sow


@pytest.fixture(scope="session")
def pubsub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a Pub/Sub that has the topics and nobody who listens."""
    with pubsub_with_topics(tmp_path_factory.mktemp("pubsub") / "state") as address:
        yield address


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the seeded ledger, and the logs of its executions."""
    folder = tmp_path_factory.mktemp("seeded")
    sow(open_ledger(f"sqlite://{folder}/ledger.db"), folder / "logs")
    return folder


@pytest.fixture
def sandbox(tmp_path: Path, pubsub: str, seeded: Path) -> Sandbox:
    """Return a sandbox with a seeded ledger of its own on SQLite."""
    shutil.copy(seeded / "ledger.db", tmp_path)
    return Sandbox(tmp_path, f"sqlite://{tmp_path}/ledger.db", pubsub, seeded / "logs").prepare()


@pytest.fixture
def firestore_sandbox(tmp_path: Path, pubsub: str, firestore_emulator: GoogleEmulator) -> Sandbox:
    """Return a sandbox whose seeded ledger is the test's own project in Google's emulator."""
    host = {"FIRESTORE_EMULATOR_HOST": firestore_emulator.address}
    sandbox = Sandbox(
        tmp_path, f"firestore://test-{uuid4().hex[:12]}/(default)", pubsub, tmp_path / "logs", extra_environment=host
    )
    with inside(sandbox, ""):
        sow(open_ledger(sandbox.ledger), sandbox.logs)
    return sandbox.prepare()
