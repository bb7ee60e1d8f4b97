"""A property: whatever bytes a message or an artifact holds, what runs is the release's script with those words."""

import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from interlock_agent.log import Log
from interlock_agent.masking.mask import Mask
from interlock_agent.results.file_store import FileStore
from interlock_agent.results.task_result import TaskResult
from interlock_agent.run import RunContext, run_release
from interlock_agent.script.termination import Termination
from interlock_agent.task_settings import read_task_settings

SCRIPT = b"""printf '%s\\0' "$@" > "$TMPDIR/args"
printf '%s' "${RELEASE_PARAM_X-}" > "$TMPDIR/param"
printf '%s' "$BASH_SOURCE" > "$TMPDIR/source"
"""
HOSTILE = [
    "$(touch $TMPDIR/pwned)",
    "`touch $TMPDIR/pwned`",
    "; touch $TMPDIR/pwned",
    "() { :; }; touch $TMPDIR/pwned",
    "-c",
    "--rcfile=/x",
    "\n",
    "'\"",
    "%n%s\\",
    "*",
    "~",
    "",
]
texts = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
params = st.binary().map(lambda data: os.fsdecode(data.replace(b"\0", b""))) | texts
names = st.sampled_from(HOSTILE).map(lambda text: text.replace("/", "")) | st.text(min_size=1, max_size=60)


def _run(root: Path, archive: bytes, changes: Mapping[str, str]) -> TaskResult:
    """Run the release in this process, as fast as hundreds of examples need it."""
    (root / "artifact").write_bytes(archive)
    environ = {
        "INTERLOCK_RELEASE_ID": "shop-1",
        "INTERLOCK_ATTEMPT": "1",
        "INTERLOCK_FENCE": "1",
        "INTERLOCK_RESULTS": f"file://{root}/results",
        "INTERLOCK_ALLOWED_SOURCES": f"file://{root}",
        "CLOUD_RUN_EXECUTION": "agent-one",
        "ARTIFACT_PATH": f"file://{root}/artifact",
        "PATH": os.environ["PATH"],
        "TMPDIR": str(root),
        **changes,
    }
    settings = read_task_settings(environ)
    if settings.identity is None or settings.release is None:
        return TaskResult("refused", 64, reason=str(settings.problems))
    (root / "work").mkdir()
    log = Log(io.StringIO(), settings.identity, Mask())
    context = RunContext(root / "work", environ, log, Mask(), Termination(1))
    return run_release(settings.identity, settings.release, FileStore(root / "results"), context)


def _tar(name: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo(name)
        info.size = len(SCRIPT)
        archive.addfile(info, io.BytesIO(SCRIPT))
    return stream.getvalue()


def _zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("deploy.sh", SCRIPT)
    return stream.getvalue()


@settings(max_examples=60)
@given(args=st.lists(texts, max_size=8), param=params)
@example(args=HOSTILE, param=HOSTILE[0])
@example(args=[], param=HOSTILE[3])
def test_no_value_of_params_or_script_args_changes_what_is_executed(args: list[str], param: str) -> None:
    with TemporaryDirectory() as directory:
        root = Path(directory)
        changes = {"DEPLOYMENT_SCRIPT": "deploy.sh", "SCRIPT_ARGS": json.dumps(args), "RELEASE_PARAM_X": param}
        result = _run(root, _zip(), changes)
        assert (result.outcome, result.reason) == ("success", None)
        received = (root / "args").read_bytes().decode().split("\0")[:-1]
        assert received == (args or [""])  # printf without an argument prints its format once
        assert (root / "param").read_bytes() == os.fsencode(param)
        assert {path.name for path in root.iterdir()} == {"artifact", "work", "args", "param", "source"}


@settings(max_examples=60)
@given(name=names)
@example(name="-c")
@example(name="--help")
@example(name="$(touch $TMPDIR/pwned)")
@example(name="; touch $TMPDIR;pwned")
def test_no_file_name_changes_what_is_executed(name: str) -> None:
    with TemporaryDirectory() as directory:
        root = Path(directory)
        script = f"{name}.sh"
        try:
            archive = _tar(script)
        except ValueError:  # a name that no tar can hold
            return
        result = _run(root, archive, {"DEPLOYMENT_SCRIPT": script})
        assert "pwned" not in {path.name for path in root.rglob("*")}
        if result.outcome == "refused":
            assert not (root / "args").exists()
            return
        ran = os.fsdecode((root / "source").read_bytes())
        assert Path(ran) == (root / "work" / "artifact" / script).resolve()


def test_an_argument_of_a_message_is_no_argument_of_the_agents_own_command() -> None:
    command = [str(Path(sys.executable).with_name("run-release")), "--anything"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 64
