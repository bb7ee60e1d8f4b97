"""The four functions under their real framework, in one process, against a server that records."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from functions_framework import create_app

from interlock.bootstrap import FullLedger, open_ledger
from interlock.config import SETTINGS
from interlock.domain.releases.model import Release
from interlock.services.release_transaction import release_key
from tests.functions.recording import Recorded, recording_server

MAIN = Path(__file__).parents[2] / "functions" / "main.py"
JOB = "projects/acme-prod/locations/europe-west1/jobs/release-agent"


@dataclass(frozen=True)
class Functions:
    """A client per function, the ledger they write to, and what they sent out."""

    clients: dict[str, FlaskClient]
    ledger: FullLedger
    recorded: Recorded

    def post(self, function: str, headers: dict[str, str], body: bytes) -> int:
        return self.clients[function].post("/", headers=headers, data=body).status_code

    def release(self, release_id: str) -> Release | None:
        found = self.ledger.read(release_key(release_id))
        return found if isinstance(found, Release) else None


def environment(recorded: Recorded, folder: Path) -> dict[str, str]:
    """Return the variables the functions are deployed with."""
    routes = {
        "routes": [{"name": "all", "match": {}, "job": JOB, "defaults": {"deployment_script": "gs://scripts/x.sh"}}]
    }
    return {
        "INTERLOCK_INSTANCE": "test",
        "INTERLOCK_LEDGER": f"sqlite://{folder}/ledger.db",
        "INTERLOCK_ROUTES": json.dumps(routes),
        "INTERLOCK_REQUESTS_TOPIC": "projects/acme-prod/topics/release-requests",
        "INTERLOCK_STATUS_TOPIC": "projects/acme-prod/topics/release-status",
        "INTERLOCK_DEAD_LETTERS_TOPIC": "projects/acme-prod/topics/release-dead-letters",
        "INTERLOCK_RUN_ENDPOINT": recorded.address,
        "PUBSUB_EMULATOR_HOST": recorded.address,
    }


@pytest.fixture(scope="session")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Functions]:
    """The environment is theirs only until each has read it, when it is loaded; other tests have their own."""
    with recording_server() as recorded:
        settings = environment(recorded, tmp_path_factory.mktemp("ledger"))
        before = dict(os.environ)
        os.environ.update(settings)
        try:
            clients = {name: create_app(name, str(MAIN), "http").test_client() for name in SETTINGS}
            for client in clients.values():
                client.post("/", data=b"")
        finally:
            os.environ.clear()
            os.environ.update(before)
        yield Functions(clients, open_ledger(settings["INTERLOCK_LEDGER"]), recorded)
