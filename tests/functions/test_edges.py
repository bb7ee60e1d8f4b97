"""What the functions answer at their edge: unreadable deliveries, silence, missing settings."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from interlock.config import SETTINGS
from tests.functions.conftest import MAIN, Functions, environment
from tests.functions.recording import recording_server

LOAD = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(MAIN.parent)!r}); import main"]
RECEIVERS = [name for name in SETTINGS if name != "reconcile_releases"]


@pytest.mark.parametrize("function", RECEIVERS)
@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b"{}", b'{"message": 7}', b"\xff\xfe"])
def test_what_cannot_be_read_is_not_acknowledged(functions: Functions, function: str, body: bytes) -> None:
    assert functions.post(function, {"content-type": "application/json"}, body) == 400


def test_a_reconcile_tick_says_how_many_were_due(functions: Functions) -> None:
    response = functions.clients["reconcile_releases"].post("/", data=b"")
    assert response.status_code == 200
    assert "due" in json.loads(response.data)


def test_an_unknown_function_does_not_start() -> None:
    command = [sys.executable, "-m", "functions_framework", "--source", str(MAIN), "--target", "deploy_everything"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "is expected to contain a function named 'deploy_everything'" in done.stderr


def test_a_function_with_missing_settings_does_not_start_and_names_them_all() -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "FUNCTION_TARGET": "dispatch_release",
        "INTERLOCK_STATUS_TOPIC": "status",
        "INTERLOCK_LEASE_SECONDS": "0",
    }
    done = subprocess.run(LOAD, capture_output=True, text=True, check=False, env=environment, cwd=Path("/"))
    assert done.returncode == 1
    for said in (
        "INTERLOCK_LEDGER is not set, expected some text",
        "INTERLOCK_STATUS_TOPIC is 'status', expected projects/PROJECT/topics/TOPIC",
        "INTERLOCK_LEASE_SECONDS is '0', expected a whole number of at least 1",
        "INTERLOCK_ROUTES is not set",
    ):
        assert said in done.stderr


def test_a_function_with_routes_that_break_their_schema_does_not_start_and_says_where(tmp_path: Path) -> None:
    with recording_server() as recorded:
        settings = environment(recorded, tmp_path)
    broken = {
        "PATH": os.environ["PATH"],
        **settings,
        "FUNCTION_TARGET": "dispatch_release",
        "INTERLOCK_ROUTES": '{"routes": [{"name": "all"}]}',
    }
    done = subprocess.run(LOAD, capture_output=True, text=True, check=False, env=broken)
    assert done.returncode == 1
    assert "ConfigurationError: INTERLOCK_ROUTES" in done.stderr
    assert "/routes/0" in done.stderr


@pytest.mark.parametrize(
    ("function", "absent"),
    [
        ("alert_dead_letter", "google.cloud.run_v2"),
        ("report_status", "google.cloud.run_v2"),
        ("alert_dead_letter", "jsonschema"),
        ("dispatch_release", "google.cloud.firestore"),
        ("dispatch_release", "interlock_cli"),
        ("dispatch_release", "interlock_local"),
    ],
)
def test_a_function_loads_only_what_it_needs(function: str, absent: str) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(MAIN.parent)!r});"
        f"import interlock.entrypoints.{function}; sys.exit({absent!r} in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
