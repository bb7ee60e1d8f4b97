"""Scenes for commands: the seeded ledger on SQLite, and a Pub/Sub of our own to publish on."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from interlock.wiring import open_ledger
from local.official import OfficialEmulator
from tests.cli.scene import Scene, inside
from tests.cli.seed import sow
from tests.cli.stage import pubsub_with_topics


@pytest.fixture(scope="session")
def pubsub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a Pub/Sub that has the topics and nobody who listens."""
    with pubsub_with_topics(tmp_path_factory.mktemp("pubsub") / "state") as address:
        yield address


@pytest.fixture
def scene(tmp_path: Path, pubsub: str) -> Scene:
    """Return a scene with a freshly seeded ledger on SQLite."""
    scene = Scene(tmp_path, f"sqlite://{tmp_path}/ledger.db", pubsub).prepare()
    sow(open_ledger(scene.ledger), tmp_path / "logs")
    return scene


@pytest.fixture
def firestore_scene(tmp_path: Path, pubsub: str, firestore_emulator: OfficialEmulator) -> Scene:
    """Return a scene whose seeded ledger is the test's own project in Google's emulator."""
    host = {"FIRESTORE_EMULATOR_HOST": firestore_emulator.address}
    scene = Scene(tmp_path, f"firestore://test-{uuid4().hex[:12]}/(default)", pubsub, more=host).prepare()
    with inside(scene, ""):
        sow(open_ledger(scene.ledger), tmp_path / "logs")
    return scene
