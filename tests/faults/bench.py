"""What the fault tests arm, publish and look at."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
from google.cloud import run_v2
from google.cloud.run_v2.services.executions.transports import ExecutionsGrpcTransport
from google.pubsub_v1.types import DeadLetterPolicy, Subscription

from interlock.bootstrap import open_results
from interlock.domain.releases.model import Release
from interlock.ledger.interface import Commit, Snapshot
from interlock.ledger.records import Key
from interlock_local.stack import names
from interlock_local.stack.plan import DEFAULT_ROUTES
from tests.e2e.stack import Stack, plan_for
from tests.e2e.story import HELD
from tests.faults.killing import FAULTS_DIR, Faults
from tests.faults.news import News
from tests.faults.proxy import Fault, Proxy

FUNCTIONS = Path(__file__).with_name("functions") / "main.py"
BEGIN = 'echo "start $EPOCHREALTIME $TARGET_ENV/$SERVICE $RELEASE_ID" >> "$RELEASE_PARAM_TALLY"'
END = 'echo "end $EPOCHREALTIME $TARGET_ENV/$SERVICE $RELEASE_ID" >> "$RELEASE_PARAM_TALLY"'
GONE, STILLBORN = "gone", "stillborn"
"""Services whose job does not exist, and whose job fails before its agent can take the fence."""

TIMES = {"INTERLOCK_LEASE_SECONDS": "3", "INTERLOCK_START_TIMEOUT_SECONDS": "2", "INTERLOCK_MAX_STARTS": "5"}
"""A claim must outlive a start, and a taken-over start is what takes the time here."""
PATIENT = {"INTERLOCK_LEASE_SECONDS": "6", "INTERLOCK_START_TIMEOUT_SECONDS": "4"}
"""A start that is slow for the machine's sake is not given up; one that a fault holds back is."""
UNHURRIED = {"INTERLOCK_LEASE_SECONDS": "60", "INTERLOCK_START_TIMEOUT_SECONDS": "50"}
"""No start is given up because the machine is slow: a second execution then has another cause."""


@dataclass(frozen=True)
class Bench:
    """A stack behind proxies, the faults armed on it, and the file in which every script notes its start and end."""

    stack: Stack
    armed: Path
    cloud_run: Proxy
    pubsub: Proxy
    news: News
    firestore: Proxy | None = None
    listing: list[Callable[[bytes], bytes]] = field(default_factory=list)
    """What changes the pages of executions that Cloud Run lists to the functions."""

    @property
    def proxies(self) -> tuple[Proxy, ...]:
        return (self.cloud_run, self.pubsub, *([self.firestore] if self.firestore else []))

    @property
    def tally(self) -> Path:
        return self.armed / "tally"

    def faults(self, function: str) -> Faults:
        return Faults(self.armed, function)

    def request(self, name: str, *, waits: bool = False, seconds: float = 0, **changes: Any) -> dict[str, Any]:
        """Return a request whose script notes its start and end; one that waits does so until its door is opened."""
        release_id = f"{name}-{uuid4().hex[:8]}"
        params = {"TALLY": str(self.tally), "DOOR": str(self.door(release_id))}
        script = "\n".join((f"trap '{END}' EXIT", BEGIN, HELD if waits else f"sleep {seconds}"))
        return self.stack.a_request(release_id, script=script, params=params, **changes)

    def door(self, release_id: str) -> Path:
        return self.armed / f"{release_id}.door"

    def deafen(self, release_id: str, *ways: str) -> None:
        """Lose the release's completion entries that come by these ways, by default by all."""
        for way in ways or ("deaf_to_eventarc", "deaf_to_sink"):
            self.faults("report_status").arm(release_id, way)

    def kill(self, function: str) -> None:
        """Lose the function's instance from outside, master and workers at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.stack.pid(function), signal.SIGKILL)

    def marks(self, release_id: str, word: str) -> int:
        lines = self.tally.read_text().splitlines() if self.tally.exists() else []
        return sum(line.startswith(f"{word} ") and line.endswith(f" {release_id}") for line in lines)

    def is_running(self, release_id: str) -> bool:
        return self.marks(release_id, "start") > 0 and self.state(release_id) == "started"

    def state(self, release_id: str) -> str | None:
        release = self.stack.release(release_id)
        return release.state.value if release else None

    def list_as_told(self, answer: bytes) -> bytes:
        for change in self.listing:
            answer = change(answer)
        return answer

    @contextmanager
    def _client(self) -> Iterator[run_v2.ExecutionsClient]:
        with grpc.insecure_channel(self.stack.plan.address(names.CLOUD_RUN)) as channel:
            yield run_v2.ExecutionsClient(transport=ExecutionsGrpcTransport(channel=channel))

    def is_over(self, execution: str) -> bool:
        """Whether the execution has ended."""
        with self._client() as client:
            return bool(client.get_execution(name=execution, timeout=10).completion_time)

    def executions(self, release_id: str) -> list[run_v2.Execution]:
        """Return all executions that bear the release."""
        with self._client() as client:
            found = client.list_executions(parent=f"{names.PARENT}/jobs/-", timeout=10)
            return [one for one in found if bears(one, release_id)]

    def owner(self, release_id: str) -> str | None:
        """Return whose name the fence of the release's first attempt bears."""
        results = open_results(f"file://{self.stack.plan.state}/results")
        return results.owner(release_id, 1) if results else None

    def ended(self, release_id: str) -> str | None:
        """Return the release's execution once it is over."""
        release = self.stack.release(release_id)
        execution = release.execution if release else None
        return execution if execution and self.is_over(execution) else None

    def forget(self, execution: str) -> None:
        """Have Cloud Run know the execution no more."""
        with self._client() as client:
            client.delete_execution(name=execution, timeout=10)

    def age(self, release_id: str, amount: timedelta) -> None:
        """Have the running release stand as it is for that much longer, with nobody having looked at it since."""
        key = Key("releases", release_id)

        def decision(snapshot: Snapshot) -> Commit[None]:
            release = snapshot[key]
            assert isinstance(release, Release)
            aged = replace(release, updated_at=release.updated_at - amount, checked_at=None)
            return Commit({key: aged}, None)

        self.stack.ledger.transact((key,), decision)

    def is_looked_at(self, release_id: str) -> bool:
        """Whether reconcile has looked at the release."""
        release = self.stack.release(release_id)
        return release is not None and release.checked_at is not None


def bears(execution: run_v2.Execution, release_id: str) -> bool:
    variables = execution.template.containers[0].env
    return any(one.name == "INTERLOCK_RELEASE_ID" and one.value == release_id for one in variables)


@contextmanager
def a_bench(folder: Path, **changes: Any) -> Iterator[Bench]:
    """Start a stack whose functions can be killed, and whose Cloud Run and Pub/Sub can be made to fail."""
    armed = folder / "armed"
    armed.mkdir()
    plan = plan_for(
        folder / "state",
        functions_source=FUNCTIONS,
        routes=make_routes(folder / "routes.json"),
        reconcile_every=1.0,
        **changes,
    )
    with ExitStack() as ends:
        cloud_run = ends.enter_context(Proxy(plan.address(names.CLOUD_RUN)))
        pubsub = ends.enter_context(Proxy(plan.address(names.PUBSUB)))
        proxies = {"INTERLOCK_RUN_ENDPOINT": cloud_run.address, "PUBSUB_EMULATOR_HOST": pubsub.address}
        firestore = None
        if plan.uses_firestore:
            firestore = ends.enter_context(Proxy(plan.address(names.FIRESTORE)))
            proxies["FIRESTORE_EMULATOR_HOST"] = firestore.address
        extra = {FAULTS_DIR: str(armed), **TIMES, **proxies, **plan.extra_environment}
        stack = Stack(replace(plan, extra_environment=extra))
        ends.callback(stack.down)
        stack.up()
        have_agents_die(stack)
        for name in ("dispatch-release", "report-status"):
            be_patient(stack, names.subscription(name))
        tail = ends.enter_context(stack.tail())
        bench = Bench(stack, armed, cloud_run, pubsub, News(tail), firestore)
        cloud_run.add(Fault("ListExecutions", times=float("inf"), edit=bench.list_as_told))
        yield bench


def be_patient(stack: Stack, name: str) -> None:
    """Have Pub/Sub try a message as often as it can: a function killed every few seconds answers seldom."""
    policy = DeadLetterPolicy(dead_letter_topic=names.DEAD_LETTERS, max_delivery_attempts=100)
    changed = Subscription(name=name, dead_letter_policy=policy)
    request = {"subscription": changed, "update_mask": {"paths": ["dead_letter_policy"]}}
    stack.subscriber.update_subscription(request=request, timeout=10)


def have_agents_die(stack: Stack) -> None:
    """Have the stillborn job's container fail at once."""
    document = json.loads(stack.plan.jobs_file.read_text())
    document["jobs"][STILLBORN]["command"] = ["false"]
    stack.restart_cloud_run(document)


def make_routes(path: Path) -> Path:
    """Write the local routes with two in front, one of a job that does not exist, one of a job that fails at once."""
    document = json.loads(DEFAULT_ROUTES.read_text())
    usual = document["routes"][0]
    missing = f"{usual['job']}-that-is-gone".replace("/local/jobs", "/elsewhere/jobs")
    gone = {**usual, "name": "gone", "match": {"service": GONE}, "job": missing}
    stillborn = {
        **usual,
        "name": "stillborn",
        "match": {"service": STILLBORN},
        "job": f"{names.PARENT}/jobs/{STILLBORN}",
    }
    path.write_text(json.dumps({**document, "routes": [gone, stillborn, usual]}))
    return path
