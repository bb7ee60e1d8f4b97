"""The real run-release with a manifest: who takes which item, what a retry skips, and what is reported of the rest."""

import hashlib
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.contract.agent_process import Bench, finish, wait_until

NAME_ITEM = 'echo "$RELEASE_ITEM_ID" >> $TMPDIR/ran\n'


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def _manifest(bench: Bench, items: list[Any], **more: object) -> Path:
    path = bench.root / "manifest.json"
    path.write_text(json.dumps({"items": items, **more}))
    bench.variables["MANIFEST_PATH"] = path.as_uri()
    return path


def _ran(bench: Bench) -> list[str]:
    path = bench.root / "ran"
    return path.read_text().split() if path.exists() else []


def _names(bench: Bench, group: str, index: int = 0) -> list[str]:
    found: list[str] = bench.result(index)["items"][group]["names"]
    return found


def test_the_tasks_divide_all_items_and_no_item_runs_twice(bench: Bench) -> None:
    bench.with_script(NAME_ITEM)
    _manifest(bench, list(range(7)))
    for index in range(3):
        assert bench.run(CLOUD_RUN_TASK_INDEX=str(index), CLOUD_RUN_TASK_COUNT="3").code == 0
    assert _ran(bench) == ["0", "3", "6", "1", "4", "2", "5"]
    assert _names(bench, "succeeded", 1) == ["1", "4"]


def test_a_task_without_an_item_succeeds(bench: Bench) -> None:
    bench.with_script(NAME_ITEM)
    _manifest(bench, ["one"])
    assert bench.run(CLOUD_RUN_TASK_INDEX="1", CLOUD_RUN_TASK_COUNT="2").code == 0
    assert _ran(bench) == []


def test_an_item_reaches_the_script_as_a_file_and_as_variables(bench: Bench) -> None:
    bench.with_script(
        'cat "$RELEASE_ITEM_FILE"; echo; env | grep ^RELEASE_ITEM_ | grep -v FILE | sort | tr "\\n" " "\n'
    )
    item = {"id": "eu", "region": "europe-west1; $(id)", "zones": ["a"], "size": 3, "dry": True, "bad-key": "x"}
    _manifest(bench, [item])
    messages = bench.run().messages
    assert json.dumps(item) in messages
    passed = "RELEASE_ITEM_DRY=true RELEASE_ITEM_ID=eu RELEASE_ITEM_INDEX=0 RELEASE_ITEM_REGION=europe-west1; $(id) "
    assert passed + "RELEASE_ITEM_SIZE=3 " in messages


def test_a_failed_item_ends_the_task_and_the_rest_is_reported_as_not_started(bench: Bench) -> None:
    bench.with_script(NAME_ITEM + '[ "$RELEASE_ITEM_ID" != b ] || exit 9\n')
    _manifest(bench, [{"id": name} for name in "abcd"])
    assert bench.run().code == 9
    assert [_names(bench, group) for group in ("succeeded", "failed", "not_started")] == [["a"], ["b"], ["c", "d"]]


def test_a_manifest_may_go_on_after_a_failed_item(bench: Bench) -> None:
    bench.with_script(NAME_ITEM + '[ "$RELEASE_ITEM_ID" != b ] || exit 9\n')
    _manifest(bench, [{"id": name} for name in "abc"], on_failure="continue")
    assert bench.run().code == 9
    assert (_names(bench, "succeeded"), _names(bench, "failed")) == (["a", "c"], ["b"])


def test_a_retry_skips_what_is_done(bench: Bench) -> None:
    bench.with_script(NAME_ITEM + '[ "$RELEASE_ITEM_ID" != b ] || [ -e $TMPDIR/fixed ] || exit 9\n')
    _manifest(bench, [{"id": name} for name in "abc"])
    bench.run()
    (bench.root / "fixed").touch()
    assert bench.run(CLOUD_RUN_TASK_ATTEMPT="1").code == 0
    assert _ran(bench) == ["a", "b", "b", "c"]
    retried = json.loads((bench.root / "results/shop-1.2.4/1/0/results-1.json").read_bytes())
    assert retried["items"]["done_before"] == {"count": 1, "names": ["a"]}


def test_a_manifest_that_changed_meanwhile_is_refused(bench: Bench) -> None:
    bench.with_script(NAME_ITEM)
    _manifest(bench, ["one"])
    bench.run()
    _manifest(bench, ["other"])
    assert bench.run(CLOUD_RUN_TASK_INDEX="1", CLOUD_RUN_TASK_COUNT="2").code == 65


def test_a_manifest_is_held_to_its_digest(bench: Bench) -> None:
    bench.with_script(NAME_ITEM)
    digest = hashlib.sha256(_manifest(bench, ["one"]).read_bytes()).hexdigest()
    assert bench.run(MANIFEST_SHA256=digest).code == 0
    assert bench.result()["digests"]["manifest"] == digest
    assert bench.run(MANIFEST_SHA256="0" * 64, INTERLOCK_ATTEMPT="2").code == 65


def test_the_outputs_of_an_item_bear_its_name(bench: Bench) -> None:
    bench.with_script('echo "url=https://$RELEASE_ITEM_ID" >> $RELEASE_OUTPUTS\n')
    _manifest(bench, [{"id": "eu"}, {"id": "us"}])
    bench.run()
    assert bench.result()["outputs"] == {"eu.url": "https://eu", "us.url": "https://us"}


def test_a_terminated_task_names_what_it_did_not_start(bench: Bench) -> None:
    bench.with_script(NAME_ITEM + "sleep 60\n")
    _manifest(bench, [{"id": name} for name in "abc"])
    process = bench.start()
    wait_until(lambda: _ran(bench) == ["a"])
    process.send_signal(signal.SIGTERM)
    assert finish(process).code == 143
    assert (_names(bench, "failed"), _names(bench, "not_started")) == (["a"], ["b", "c"])
    assert bench.result()["outcome"] == "terminated"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"items": {}}',
        '{"items": [], "more": 1}',
        '{"items": [], "on_failure": []}',
        '{"items": [{"id": "a"}, {"id": "a"}]}',
        '{"items": [{"id": 1}]}',
        '{"items": [{"id": ""}]}',
        json.dumps({"items": [0] * 10_001}),
        "[" * 100_000,
    ],
)
def test_a_manifest_that_cannot_be_meant_runs_nothing(bench: Bench, text: str) -> None:
    bench.with_script(NAME_ITEM)
    _manifest(bench, []).write_text(text)
    assert bench.run().code == 71
    assert _ran(bench) == []
