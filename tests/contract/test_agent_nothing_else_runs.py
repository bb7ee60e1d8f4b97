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

from interlock_agent.deployment import Deployment, Scene
from interlock_agent.environment import read_task
from interlock_agent.file_store import FileStore
from interlock_agent.log import Log
from interlock_agent.masking import Mask
from interlock_agent.results import Ending
from interlock_agent.stop import Stop

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


def _play(root: Path, archive: bytes, changes: Mapping[str, str]) -> Ending:
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
    task = read_task(environ)
    if task.identity is None or task.work is None:
        return Ending("refused", 64, reason=str(task.problems))
    (root / "work").mkdir()
    scene = Scene(root / "work", environ, Log(io.StringIO(), task.identity, Mask()), Mask(), Stop(1))
    return Deployment(task.identity, task.work, scene, FileStore(root / "results")).run()


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
        ending = _play(root, _zip(), changes)
        assert (ending.outcome, ending.reason) == ("success", None)
        told = (root / "args").read_bytes().decode().split("\0")[:-1]
        assert told == (args or [""])  # printf without an argument prints its format once
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
        ending = _play(root, archive, {"DEPLOYMENT_SCRIPT": script})
        assert "pwned" not in {path.name for path in root.rglob("*")}
        if ending.outcome == "refused":
            assert not (root / "args").exists()
            return
        ran = os.fsdecode((root / "source").read_bytes())
        assert Path(ran) == (root / "work" / "artifact" / script).resolve()


def test_the_words_of_a_message_are_no_words_of_the_agents_own_command() -> None:
    command = [str(Path(sys.executable).with_name("run-release")), "--anything"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 64
