"""What a task loads before its script runs: a client of a cloud or of the web only where a source needs it."""

import re
import subprocess
import sys
from pathlib import Path

from interlock_agent.exit_codes import ExitCode
from tests.contract.agent_process import DEADLINE_SECONDS, Bench

HEAVY = {"google", "requests", "urllib3", "grpc", "ssl", "zstandard", "tarfile", "asyncio", "email", "http"}


def loaded(bench: Bench) -> tuple[int, set[str]]:
    """Run the release; return its code and the top-level modules that were loaded on the way."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "interlock_agent.main"],
        env={"TMPDIR": str(bench.root), **bench.variables},
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    return done.returncode, set(re.findall(r"(?m)^import time:.*\|\s*([A-Za-z0-9_]+)", done.stderr))


def test_a_release_from_a_file_loads_no_client_of_a_cloud_or_of_the_web(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.with_script("exit 3\n")
    code, modules = loaded(bench)
    assert code == 3
    assert {"interlock_agent", "zipfile"} <= modules
    assert modules & HEAVY == set()


def test_a_release_from_the_web_loads_no_client_of_a_cloud(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.variables["ARTIFACT_PATH"] = "http://127.0.0.1:9/nobody-there.zip"
    bench.variables["INTERLOCK_MAX_DOWNLOAD_SECONDS"] = "1"
    code, modules = loaded(bench)
    assert code == ExitCode.SOURCE_UNAVAILABLE
    assert "urllib3" in modules
    assert modules & {"google", "requests", "grpc"} == set()
