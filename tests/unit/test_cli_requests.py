"""The output and exit codes of validate, publish and releases show."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from interlock.bootstrap import open_ledger
from interlock.domain.releases.events import RequestReceived, StartConfirmed
from interlock.domain.releases.model import Outbox, State
from interlock.ledger.interface import Commit
from interlock.services.release_transaction import release_key
from interlock_cli.documents.request_files import read_request
from interlock_cli.main import run
from tests.build import JOB, a_release, apply

EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"
VALID = sorted((EXAMPLES / "valid" / "release-request").iterdir())
INVALID = sorted((EXAMPLES / "invalid" / "release-request").iterdir())


def test_all_valid_examples_pass_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", *map(str, VALID)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(VALID)


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_an_invalid_example_ends_with_2_and_names_what_is_wrong(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", str(path)]) == 2
    assert f"{path}:" in capsys.readouterr().out


def test_json_has_every_violation(capsys: pytest.CaptureFixture[str]) -> None:
    path = EXAMPLES / "invalid" / "release-request" / "unknown-key-near-miss.json"
    assert run(["validate", "--json", str(path)]) == 2
    [document] = json.loads(capsys.readouterr().out)
    assert document["valid"] is False
    assert {"pointer", "rule", "expected", "found", "hint"} <= document["violations"][1].keys()


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", str(tmp_path / "none.json")]) == 64
    assert "No such file" in capsys.readouterr().err


def test_publish_refuses_what_breaks_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    path = EXAMPLES / "invalid" / "release-request" / "unknown-key-near-miss.json"
    assert run(["publish", str(path), "--topic", "projects/p/topics/t", "--endpoint", "127.0.0.1:1"]) == 2
    assert 'did you mean "target_env"?' in capsys.readouterr().err


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "release.json"
    path.write_bytes(VALID[0].read_bytes())
    assert read_request(str(path)).data == VALID[0].read_bytes()


@pytest.fixture
def ledger(tmp_path: Path) -> str:
    url = f"sqlite://{tmp_path}/ledger.db"
    opened = open_ledger(url)
    for event in (RequestReceived(a_release()), StartConfirmed(1, f"{JOB}/executions/x7k2p", None)):
        apply(opened, "web-1", event)
    return url


def test_show_prints_state_and_timeline(ledger: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["releases", "show", "web-1", "--ledger", ledger]) == 0
    out = capsys.readouterr().out
    assert out.startswith("web-1  started\n")
    assert "x7k2p" in out


def test_show_as_json_has_the_contracts_word_for_the_state(ledger: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["releases", "show", "web-1", "--ledger", ledger, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["state"], document["outcome"], document["timeline"][0]["state"]) == ("started", None, "started")


def test_a_claim_is_shown_as_queued(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite://{tmp_path}/ledger.db"
    release = a_release(state=State.STARTING, outbox=Outbox())
    open_ledger(url).transact((), lambda _: Commit({release_key("web-1"): release}, None))
    assert run(["releases", "show", "web-1", "--ledger", url, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "queued"


def test_show_of_an_unknown_release_fails(ledger: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["releases", "show", "nobody", "--ledger", ledger]) == 1
    assert "no release nobody" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["validate", str(VALID[0])]], ids=["help", "validate"])
def test_no_google_library_is_loaded_for(arguments: list[str]) -> None:
    code = (
        f"import sys; from interlock_cli.main import run; run({arguments!r});"
        "sys.exit(any(name.startswith(('google.cloud.', 'google.api_core', 'grpc')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0
