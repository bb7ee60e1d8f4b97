"""Proves the agent's image in a real container: `python -m tests.container.prove RUNNER`.

RUNNER builds the image of a directory and runs it: `RUNNER [-t TAG] [--build-only | --run-only] [--hard] … DIR`.
"""

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from functools import partial
from pathlib import Path

from tests.container.container import AGENT, DEADLINE_SECONDS, TAG, Container, pids, read

CLEAN_UP = "trap 'echo cleaned; exit 7' TERM\ntouch /data/up\nwhile :; do sleep 0.05; done\n"
IGNORES = "trap '' TERM\n(trap '' TERM; exec sleep 300.25) &\ntouch /data/up\nwhile :; do sleep 0.05; done\n"
ORPHANS = """(sleep 0.2 &)
(sleep 0.2 &)
sleep 1
for one in /proc/[0-9]*/status; do if grep -q "^State:.Z" "$one"; then echo zombie; fi; done
echo "parent $(awk '/^PPid/ {print $2}' /proc/$$/status)"
"""
REQUEST = {
    "release_id": "in-a-container",
    "release_version": "1",
    "target_env": "staging",
}
APART = ("--port-base", "0", "--detach")
TERRAFORM = """FROM debian:bookworm-slim
RUN printf '#!/bin/sh\\necho Terraform v1\\n' > /bin/terraform
"""
TOOL = """#!/bin/bash
{exports}
verb=$1; shift
if [ "$verb" = build ]; then exec {runner} --build-only "$1" "$2" "$3"; fi
given=()
while [ $# -gt 1 ]; do case $1 in
  -e|-v) given+=("$1" "$2"); shift 2;;
  --network|--tmpfs) shift 2;;
  *) shift;;
esac; done
exec {runner} --run-only --hard --net host "${{given[@]}}" -t "$1" {context}
"""


def prove_a_release_runs_restricted(runner: str, directory: Path) -> None:
    script = (
        "id -u\n(touch /opt/x || touch /home/agent/x) 2>/dev/null && echo writable\n"
        "grep CapEff /proc/self/status\ngrep NoNewPrivs /proc/self/status\n"
        'touch "$HOME/x" && echo url=https://x >> "$RELEASE_OUTPUTS"\nexit 9\n'
    )
    container = Container(runner, directory, script)
    code, told = container.wait()
    assert code == 9, (code, told)
    assert "10001" in told, told
    assert "writable" not in told, told
    assert "CapEff:\t0000000000000000" in told, told
    assert "NoNewPrivs:\t1" in told, told
    assert container.result()["outputs"] == {"url": "https://x"}


def prove_a_trap_finishes_its_clean_up(runner: str, directory: Path) -> None:
    container = Container(runner, directory, CLEAN_UP)
    container.terminate()
    code, told = container.wait()
    assert (code, told.count("cleaned")) == (7, 1), (code, told)
    assert container.result()["outcome"] == "terminated"


def prove_who_ignores_the_signal_is_killed_with_all_of_its_own(runner: str, directory: Path) -> None:
    container = Container(runner, directory, IGNORES)
    started = time.monotonic()
    container.terminate()
    code, told = container.wait()
    assert code == 137, (code, told)
    assert container.result()["signal"] == signal.SIGKILL
    assert time.monotonic() - started < DEADLINE_SECONDS / 2
    assert not [pid for pid in pids() if b"300.25" in read(pid, "cmdline").split(b"\0")], "a grandchild lives on"


def prove_orphans_are_buried_by_the_agent_as_the_first_process(runner: str, directory: Path) -> None:
    code, told = Container(runner, directory, ORPHANS).wait()
    assert code == 0, (code, told)
    assert "parent 1" in told, told
    assert "zombie" not in told, told


def prove_the_local_stack_runs_its_tasks_in_containers(runner: str, directory: Path) -> None:
    script, request = directory / "deploy.sh", directory / "release.json"
    script.write_text('id -u\ntouch /opt/x 2>/dev/null && echo writable\necho url=https://x >> "$RELEASE_OUTPUTS"\n')
    request.write_text(
        json.dumps({**REQUEST, "artifact_path": _artifact(directory), "deployment_script": script.as_uri()})
    )
    interlock = partial(run_interlock, directory / "state")
    interlock("local", "up", "--container", "--container-tool", str(_tool(runner, directory)), *APART)
    try:
        interlock("--local", "publish", str(request), "--wait", "--timeout", "90s")
        shown = interlock("--local", "releases", "show", REQUEST["release_id"], "--json")
        assert "https://x" in shown, shown
        told = interlock("--local", "logs", REQUEST["release_id"])
        assert "10001" in told, told
        assert "writable" not in told, told
    finally:
        interlock("local", "down")


def _artifact(directory: Path) -> str:
    with zipfile.ZipFile(directory / "app.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing much")
    return (directory / "app.zip").as_uri()


def _tool(runner: str, directory: Path) -> Path:
    """Return a program that takes podman's `build` and `run` and does them with the runner."""
    tool = directory / "tool"
    kept = {name: os.environ[name] for name in ("CTR_STATE", "TMPDIR") if name in os.environ}
    exports = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in kept.items())
    tool.write_text(TOOL.format(runner=runner, exports=exports, context=AGENT))
    tool.chmod(0o755)
    return tool


def run_interlock(state: Path, *words: str) -> str:
    """Run the command on this stack and return what it printed; it must end with 0."""
    command = [str(Path(sys.executable).with_name("interlock")), *words]
    environment = {**os.environ, "INTERLOCK_STATE": str(state)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout


def prove_a_team_lays_its_tools_on_the_image_and_owns_that_layer_alone(runner: str, directory: Path) -> None:
    (directory / "Dockerfile").write_text(TERRAFORM)
    build = [runner, "--build-only", "-t"]
    subprocess.run([*build, "localhost/terraform:proof", str(directory)], check=True)
    bases = ("--build-arg", f"AGENT={TAG}", "--build-arg", "TERRAFORM=localhost/terraform:proof")
    tools = ("-f", str(AGENT / "Dockerfile.tools"), *bases, str(AGENT))
    subprocess.run([*build, "localhost/interlock-tools:proof", *tools], check=True)
    code, told = Container(
        runner, directory, "id -u\nterraform version\n", tag="localhost/interlock-tools:proof"
    ).wait()
    assert code == 0, (code, told)
    assert {"10001", "Terraform v1"} <= set(told), told


PROOFS = (
    prove_a_team_lays_its_tools_on_the_image_and_owns_that_layer_alone,
    prove_the_local_stack_runs_its_tasks_in_containers,
    prove_a_release_runs_restricted,
    prove_a_trap_finishes_its_clean_up,
    prove_who_ignores_the_signal_is_killed_with_all_of_its_own,
    prove_orphans_are_buried_by_the_agent_as_the_first_process,
)


def main() -> None:
    """Build the image, then prove it; an assertion that fails is the exit code."""
    runner = sys.argv[1]
    subprocess.run([runner, "-t", TAG, "--build-only", str(AGENT)], check=True)
    for proof in PROOFS:
        with tempfile.TemporaryDirectory(prefix="proof-", ignore_cleanup_errors=True) as directory:
            proof(runner, Path(directory))
        print(f"proved: {proof.__name__.removeprefix('prove_').replace('_', ' ')}", flush=True)


if __name__ == "__main__":
    main()
