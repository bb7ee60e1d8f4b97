"""The real run-release as a process: its exit code, its result and what the script sees."""

import hashlib
import io
import json
import signal
import tarfile
from pathlib import Path

import pytest

from tests.contract.agent_process import Bench, finish, wait_until


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_release_that_succeeds_exits_zero_and_tells_its_outputs(bench: Bench) -> None:
    bench.with_script("#!/bin/bash\necho deployed\necho url=https://shop.example >> $RELEASE_OUTPUTS\n")
    run = bench.run()
    assert (run.code, bench.result()["outcome"]) == (0, "success")
    assert bench.result()["outputs"] == {"url": "https://shop.example"}
    assert "deployed" in run.messages


def test_the_scripts_exit_code_is_the_containers(bench: Bench) -> None:
    bench.with_script("echo broken >&2\nexit 3\n")
    assert bench.run().code == 3
    assert bench.result()["outcome"] == "failure"
    assert bench.result()["exit_code"] == 3
    assert bench.result()["error_lines"] == ["broken"]


def test_a_script_in_a_tar_keeps_its_mode_and_runs_by_itself(bench: Bench) -> None:
    text = b"#!/bin/bash\n[ -x $0 ] && cat data.txt\n"
    path = bench.root / "artifact.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, data, mode in (("deploy.sh", text, 0o755), ("data.txt", b"payload", 0o644)):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), mode
            archive.addfile(info, io.BytesIO(data))
    run = bench.run(ARTIFACT_PATH=path.as_uri())
    assert run.code == 0
    assert "payload" in run.messages


def test_a_script_without_an_artifact_runs_in_an_empty_directory(bench: Bench) -> None:
    script = bench.root / "cleanup.py"
    script.write_text("import os\nprint(os.listdir(os.environ['ARTIFACT_DIR']))\n")
    assert "[]" in bench.run(DEPLOYMENT_SCRIPT=script.as_uri()).messages


def test_the_right_digest_in_either_case_lets_the_release_run(bench: Bench) -> None:
    path = bench.with_script("exit 0\n")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert bench.run(ARTIFACT_SHA256=digest.upper()).code == 0
    assert bench.result()["digests"]["artifact"] == digest


@pytest.mark.parametrize("name", ["ARTIFACT_SHA256", "SCRIPT_SHA256"])
def test_a_wrong_digest_runs_nothing(bench: Bench, name: str) -> None:
    bench.with_script("touch $TMPDIR/ran\n")
    assert bench.run(**{name: "0" * 64}).code == 65
    assert bench.result()["outcome"] == "refused"
    assert not (bench.root / "ran").exists()


HOSTILE_TEXTS = ['it\'s "quoted"', "two\nlines", "$(touch pwned)", "`id`", "; exit 9", "--help", "ünïcode ☃"]


def test_parameters_and_arguments_reach_the_script_untouched(bench: Bench) -> None:
    script = bench.root / "echo.py"
    script.write_text(
        "import json, os, sys\nprint(json.dumps([sys.argv[1:], "
        "[os.environ[f'RELEASE_PARAM_P{i}'] for i in range(len(sys.argv) - 1)]]))\n"
    )
    params = {f"RELEASE_PARAM_P{index}": text for index, text in enumerate(HOSTILE_TEXTS)}
    run = bench.run(DEPLOYMENT_SCRIPT=script.as_uri(), SCRIPT_ARGS=json.dumps(HOSTILE_TEXTS), **params)
    assert json.dumps([HOSTILE_TEXTS, HOSTILE_TEXTS]) in run.messages


def test_the_script_sees_only_the_variables_meant_for_it(bench: Bench) -> None:
    bench.with_script("env\n")
    hidden = {"LD_LIBRARY_PATH": "/x", "BASH_ENV": "/x", "PYTHONPATH": "/x", "RELEASE_PARAM_lower": "x", "SECRET": "x"}
    names = {message.split("=")[0] for message in bench.run(**hidden).messages}
    assert not names & {*hidden, "INTERLOCK_FENCE", "INTERLOCK_RESULTS", "CLOUD_RUN_EXECUTION"}
    assert {"ARTIFACT_DIR", "RELEASE_ID", "RELEASE_VERSION", "TARGET_ENV", "SERVICE", "PATH"} <= names


def test_an_attempt_owned_by_another_execution_does_nothing_and_exits_zero(bench: Bench) -> None:
    bench.with_script("touch $TMPDIR/ran-$RELEASE_ID\n")
    owner = bench.root / "results" / "shop-1.2.4" / "1" / "owner.json"
    owner.parent.mkdir(parents=True)
    owner.write_text('{"execution": "agent-other", "fence": 1}')
    assert bench.run().code == 0
    assert [path.name for path in owner.parent.iterdir()] == ["owner.json"]
    assert not list(bench.root.glob("ran-*"))


def test_another_task_of_the_owning_execution_goes_on(bench: Bench) -> None:
    bench.with_script("exit 0\n")
    bench.run()
    bench.run(CLOUD_RUN_TASK_INDEX="1")
    assert bench.result(index=1)["outcome"] == "success"


def test_of_several_executions_that_race_for_one_attempt_exactly_one_runs_the_script(bench: Bench) -> None:
    bench.with_script("echo ran >> $TMPDIR/runs\n")
    racers = [bench.start(CLOUD_RUN_EXECUTION=f"agent-{number}") for number in range(6)]
    assert [finish(racer).code for racer in racers] == [0] * 6
    assert (bench.root / "runs").read_text() == "ran\n"


def test_a_broken_owner_file_stops_the_release(bench: Bench) -> None:
    bench.with_script("exit 0\n")
    owner = bench.root / "results" / "shop-1.2.4" / "1" / "owner.json"
    owner.parent.mkdir(parents=True)
    owner.write_text("")
    assert bench.run().code == 70


def test_a_signal_reaches_the_script_which_may_clean_up(bench: Bench) -> None:
    bench.with_script("trap 'echo cleaned; exit 7' TERM\ntouch $TMPDIR/up\nwhile :; do sleep 0.05; done\n")
    process = bench.start()
    wait_until((bench.root / "up").exists)
    process.send_signal(signal.SIGTERM)
    run = finish(process)
    assert run.code == 7
    assert run.messages.count("cleaned") == 1
    assert bench.result()["outcome"] == "terminated"


def test_a_signal_reaches_every_process_of_the_scripts_group(bench: Bench) -> None:
    child = "(trap 'echo child cleaned; exit 0' TERM; touch $TMPDIR/up; while :; do sleep 0.05; done) &\n"
    bench.with_script(f"{child}child=$!\ntrap '' TERM\nwait $child\nexit 6\n")
    process = bench.start()
    wait_until((bench.root / "up").exists)
    process.send_signal(signal.SIGTERM)
    run = finish(process)
    assert run.code == 6
    assert "child cleaned" in run.messages


def test_a_script_that_ignores_the_signal_is_killed_with_its_children_and_the_result_written(bench: Bench) -> None:
    bench.with_script("trap '' TERM\n(trap '' TERM; echo $BASHPID > $TMPDIR/child; sleep 60) &\nsleep 60\n")
    process = bench.start(INTERLOCK_GRACE_SECONDS="1")
    child = bench.root / "child"
    wait_until(lambda: child.exists() and child.read_text().strip() != "")
    process.send_signal(signal.SIGTERM)
    assert finish(process).code == 137
    assert bench.result()["signal"] == signal.SIGKILL
    wait_until(lambda: not _is_running(int(child.read_text())))


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_child_left_behind_does_not_keep_the_task_alive(bench: Bench) -> None:
    bench.with_script("sleep 60 &\nexit 0\n")
    assert bench.run().code == 0


def test_nothing_of_the_working_directory_stays(bench: Bench) -> None:
    bench.with_script("mkdir sub; echo x > sub/y; chmod 500 sub\n")
    bench.run()
    assert {path.name for path in bench.root.iterdir()} == {"artifact.zip", "results"}


def test_bytes_that_are_no_text_and_endless_lines_are_logged_in_bounds(bench: Bench) -> None:
    bench.with_script("printf 'a\\xffb\\n'\nhead -c 40000 /dev/zero | tr '\\0' x\n")
    run = bench.run()
    assert "a\ufffdb" in run.messages
    assert [len(message) for message in run.messages if message.startswith("xx")] == [16384, 16384, 7232]


def test_every_line_bears_the_ids_of_the_release(bench: Bench) -> None:
    bench.with_script("echo one; echo two >&2\n")
    assert {(line["release_id"], line["attempt"]) for line in bench.run().lines} == {("shop-1.2.4", 1)}


def test_a_bad_environment_is_refused_with_all_its_problems_in_the_result(bench: Bench) -> None:
    assert bench.run(SCRIPT_ARGS="{}", ARTIFACT_SHA256="x", MANIFEST_SHA256="x").code == 64
    reason = bench.result()["reason"]
    assert all(name in reason for name in ("SCRIPT_ARGS", "ARTIFACT_SHA256", "MANIFEST_SHA256", "DEPLOYMENT_SCRIPT"))


@pytest.mark.parametrize("script", ["missing.sh", "../deploy.sh", "/bin/sh"])
def test_a_script_that_is_not_in_the_artifact_is_refused(bench: Bench, script: str) -> None:
    bench.with_script("exit 0\n")
    assert bench.run(DEPLOYMENT_SCRIPT=script).code == 69


def test_an_odd_release_id_stays_one_segment_of_the_results(bench: Bench) -> None:
    bench.with_script("exit 0\n")
    bench.run(INTERLOCK_RELEASE_ID="../../a b/ü")
    assert (bench.root / "results" / "..%2F..%2Fa%20b%2F%C3%BC" / "1" / "0" / "results.json").exists()


def test_no_secret_leaves_in_the_log_or_the_result(bench: Bench) -> None:
    secret = "made-up-hunter2"
    mounted = bench.root / "mounted"
    mounted.write_text(secret)
    bench.with_script(
        'part=$(cat "$RELEASE_PARAM_FILE")\nprintf "%s" "${part:0:5}"; sleep 0.2; echo "${part:5}"\n'
        'echo "no $part" >&2\necho "out=$part" >> $RELEASE_OUTPUTS\nexit 1\n'
    )
    run = bench.run(INTERLOCK_SECRET_FILES=str(mounted), RELEASE_PARAM_FILE=str(mounted))
    assert "[masked]" in run.messages
    assert bench.result()["error_lines"] == ["no [masked]"]
    assert bench.result()["outputs"] == {"out": "[masked]"}
    assert secret not in str(run.lines) + str(bench.result())
