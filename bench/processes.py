"""The processes of a bench: Google's side, one function each, the load; and what the kernel tells of them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from ast import literal_eval
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc

from bench.events import JOB, Request
from bench.google_services import COUNTS, RESET

ROOT = Path(__file__).resolve().parents[1]
FUNCTIONS = ROOT / "functions" / "main.py"
SUBJECTS = Path(__file__).parent / "subjects"
START_SECONDS = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Google:
    """Google's side, running: where it speaks gRPC in plaintext, and the variables by which it is taken for Google."""

    address: str
    variables: Mapping[str, str]

    def counts(self) -> dict[str, int]:
        """Return how often each method was called since the last reset."""
        found: dict[str, int] = literal_eval(self._ask(COUNTS).decode())
        return found

    def reset(self) -> None:
        """Forget every document and every call."""
        self._ask(RESET)

    def _ask(self, path: str) -> bytes:
        with grpc.insecure_channel(self.address) as channel:
            answer: bytes = channel.unary_unary(path, bytes, bytes)(b"", timeout=10)
            return answer


@contextmanager
def google() -> Iterator[Google]:
    """Run Google's side until the block ends."""
    with TemporaryDirectory() as folder:
        authority = f"{folder}/authority.pem"
        command = [sys.executable, "-m", "bench.google_server", authority]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
            try:
                assert process.stdout
                at = json.loads(process.stdout.readline())
                yield Google(at["grpc"], _as_google(at["proxy"], at["metadata"], authority))
            finally:
                process.terminate()


def _as_google(proxy: str, metadata: str, authority: str) -> Mapping[str, str]:
    """Return what has unchanged clients call Google's names through the proxy, with a token of the metadata server."""
    return {
        "https_proxy": f"http://{proxy}",
        "no_proxy": "127.0.0.1,localhost",
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": authority,
        "REQUESTS_CA_BUNDLE": authority,
        "GCE_METADATA_HOST": metadata,
        "GCE_METADATA_IP": metadata,
        "CLOUDSDK_CONFIG": str(Path(authority).parent),  # the user's own credentials are not for this
    }


def environment(side: Google, folder: Path, ledger: str | None = None) -> dict[str, str]:
    """Return what a deployed function gets, nothing of the user's own, and whom it takes for Google."""
    topic = "projects/bench/topics"
    passed = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **passed,
        **side.variables,
        "XDG_RUNTIME_DIR": str(folder),
        "GOOGLE_CLOUD_PROJECT": "bench",
        "INTERLOCK_INSTANCE": "bench",
        "INTERLOCK_LEDGER": ledger or "firestore://bench/interlock",
        "INTERLOCK_ROUTES": json.dumps({"routes": [{"name": "all", "match": {}, "job": JOB}]}),
        "INTERLOCK_RESULTS": "gs://bench-results",
        "INTERLOCK_REQUESTS_TOPIC": f"{topic}/release-requests",
        "INTERLOCK_STATUS_TOPIC": f"{topic}/release-status",
        "INTERLOCK_DEAD_LETTERS_TOPIC": f"{topic}/release-dead-letters",
        "BENCH_SCHEMA": str(ROOT / "schemas" / "release-request.v1.json"),
        "PYTHONPATH": f"{FUNCTIONS.parent}:{ROOT}",
    }


@dataclass(frozen=True)
class Function:
    """A function under its real framework, and when it was spawned."""

    name: str
    port: int
    pid: int
    spawned: float

    def send(self, request: Request) -> int:
        """Send one request by hand and return the status."""
        headers, body = request
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/", body.encode(), {"Content-Type": "application/json", **headers}
        )
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
                status: int = answer.status
                return status
        except urllib.error.HTTPError as error:
            return error.code

    def first_answer(self, request: Request) -> float:
        """Send until it is answered well; return the seconds since the process was spawned."""
        while time.perf_counter() - self.spawned < START_SECONDS:
            try:
                if self.send(request) < 300:
                    return time.perf_counter() - self.spawned
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.002)
        raise TimeoutError(f"{self.name} did not answer well within {START_SECONDS:.0f} s")

    def processes(self) -> list[int]:
        """Return the framework's process and its workers."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *map(int, children)]

    def resident_mb(self) -> float:
        """Return the memory of all its processes, shared pages counted once."""
        return sum(map(_proportional_kb, self.processes())) / 1024

    def cpu_seconds(self) -> float:
        """Return the processor time that its processes have used."""
        return sum(map(_cpu, self.processes()))


def _proportional_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def source_of(name: str) -> Path:
    """Return the file that the function lives in: a subject's own, named by its first word, or the bundle's."""
    own = SUBJECTS / name.partition("_")[0] / "main.py"
    return own if own.exists() else FUNCTIONS


@contextmanager
def function(name: str, settings: Mapping[str, str]) -> Iterator[Function]:
    """Run one function as the platform does, until the block ends."""
    port = _free_port()
    command = [sys.executable, "-m", "functions_framework", "--source", str(source_of(name)), "--target", name]
    command += ["--signature-type", "http", "--host", "127.0.0.1", "--port", str(port)]
    spawned = time.perf_counter()
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    process = subprocess.Popen(command, env=dict(settings), cwd=ROOT, **quiet)
    try:
        yield Function(name, port, process.pid, spawned)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def loaded_modules(name: str, settings: Mapping[str, str], request: Request) -> list[str]:
    """Return what a fresh process has loaded once the function has answered the event."""
    with TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [sys.executable, "-m", "bench.probe", name, str(source_of(name)), str(report)]
        event, environ = json.dumps(request), dict(settings)
        subprocess.run(command, input=event, capture_output=True, text=True, env=environ, timeout=60, check=True)
        found: dict[str, Any] = json.loads(report.read_text())
    if found["status"] >= 300:
        raise RuntimeError(f"{name} answered {found['status']}")
    modules: list[str] = found["modules"]
    return modules


def send_load(function: Function, requests: Sequence[Request], concurrency: int) -> dict[str, Any]:
    """Send the requests from another process; return each one's seconds and status, and how long all took."""
    job = json.dumps({"port": function.port, "concurrency": concurrency, "requests": requests})
    command = [sys.executable, "-m", "bench.load"]
    done = subprocess.run(command, input=job, capture_output=True, text=True, cwd=ROOT, check=True, timeout=300)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
