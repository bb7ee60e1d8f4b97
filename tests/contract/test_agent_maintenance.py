"""The real run-task: a maintenance task's script, which its route gives, knows the task's name."""

import subprocess
import sys
from pathlib import Path

import pytest

from interlock_agent.exit_codes import ExitCode
from tests.contract.agent_process import DEADLINE_SECONDS, Bench, Run, finish


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    (tmp_path / "tidy.sh").write_text('echo "task $RELEASE_TASK in $TARGET_ENV, days $RELEASE_PARAM_DAYS"\nexit 5\n')
    bench.variables |= {"DEPLOYMENT_SCRIPT": (tmp_path / "tidy.sh").as_uri(), "RELEASE_PARAM_DAYS": "30"}
    del bench.variables["RELEASE_VERSION"]
    return bench


def run_task(bench: Bench, **changes: str) -> Run:
    command = [str(Path(sys.executable).with_name("run-task"))]
    environ = {"TMPDIR": str(bench.root), **bench.variables, **changes}
    return finish(subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True))


def test_a_maintenance_task_runs_without_an_artifact_and_knows_its_name(bench: Bench) -> None:
    run = run_task(bench, RELEASE_TASK="tidy")
    assert run.code == 5
    assert "task tidy in staging, days 30" in run.messages
    assert bench.result()["exit_code"] == 5


def test_a_maintenance_task_without_a_name_is_refused(bench: Bench) -> None:
    run = run_task(bench)
    assert run.code == ExitCode.USAGE
    assert "RELEASE_TASK" in bench.result()["reason"]
    assert not [message for message in run.messages if message.startswith("task ")]


@pytest.mark.parametrize(
    ("words", "code"), [(["run-task"], 5), (["run-release"], 5), (["sh"], ExitCode.USAGE), (["run-task", "-x"], 64)]
)
def test_the_image_takes_either_word_and_no_other(bench: Bench, words: list[str], code: int) -> None:
    command = [sys.executable, "-m", "interlock_agent.main", *words]
    environ = {"TMPDIR": str(bench.root), **bench.variables, "RELEASE_TASK": "tidy"}
    done = subprocess.run(command, env=environ, capture_output=True, timeout=DEADLINE_SECONDS, check=False)
    assert done.returncode == code
