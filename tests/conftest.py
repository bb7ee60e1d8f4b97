"""What tests of several kinds share: Google's Firestore emulator, started once, a fresh project for each test."""

import os
from collections.abc import Iterator
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings

from interlock.bootstrap import FullLedger, open_ledger
from interlock_local.emulators.google_emulators import GoogleEmulator, find_emulator

# Two busy cores make any single example slow now and then; what counts is the property.
settings.register_profile("interlock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("interlock")


@pytest.fixture(scope="session")
def firestore_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoogleEmulator]:
    if find_emulator("firestore") is None:
        pytest.skip(
            "Google's Firestore emulator (gcloud components install cloud-firestore-emulator) or Java is missing"
        )
    with GoogleEmulator("firestore", tmp_path_factory.mktemp("firestore")) as emulator:
        yield emulator


@pytest.fixture
def firestore_ledger(firestore_emulator: GoogleEmulator) -> Iterator[FullLedger]:
    before = os.environ.get("FIRESTORE_EMULATOR_HOST")
    os.environ["FIRESTORE_EMULATOR_HOST"] = firestore_emulator.address
    yield open_ledger(f"firestore://test-{uuid4().hex[:12]}/(default)")
    os.environ.pop("FIRESTORE_EMULATOR_HOST")
    if before is not None:
        os.environ["FIRESTORE_EMULATOR_HOST"] = before
