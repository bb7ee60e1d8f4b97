"""One soak: the local stack under a stream of releases, its functions killed in mid-work again and again."""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from google.pubsub_v1.types import PubsubMessage

from interlock_cli.actions.lanes import read_lanes
from interlock_local.stack import names
from tests.e2e.stack import Stack, Tail, plan_for
from tests.faults.bench import be_patient
from tests.faults.heard import Heard
from tests.faults.tally import SCRIPT, read
from tests.soak.verdict import Traces, Verdict, judge
from tests.soak.workload import LOST_FILE, Workload

FUNCTIONS = Path(__file__).with_name("functions") / "main.py"
STRUCK = ("dispatch_release", "report_status", "dispatch_release", "reconcile_releases")
"""Who is killed, in turn: most work is dispatch's."""

ENVIRONMENT = {"INTERLOCK_LEASE_SECONDS": "15", "INTERLOCK_START_TIMEOUT_SECONDS": "5"}
RECONCILE_EVERY = 5.0
MOST_OPEN, AT_ONCE = 600, 50
LOOK_SECONDS = 0.25
QUIET_SECONDS = 60.0


class Overdue(Exception):
    """The soak did not end in its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Soaked:
    """How a soak went; `missing` are the troubles that it was to have and did not."""

    verdict: Verdict
    missing: Sequence[str]
    figures: dict[str, str]

    @property
    def is_proof(self) -> bool:
        """Whether all went well although all that was planned went wrong."""
        return self.verdict.is_clean and not self.missing


@dataclass
class Soak:
    """A workload on a stack that runs; `within` is the time it may take, in seconds."""

    stack: Stack
    workload: Workload
    tally: Path
    lost: Path
    within: float
    heard: Heard = field(default_factory=Heard)
    kills: Counter[str] = field(default_factory=Counter)
    published: int = 0

    def run(self) -> Soaked:
        """Send everything, kill as planned, wait until all is closed and quiet; raise Overdue."""
        begun = time.monotonic()
        for name in ("dispatch-release", "report-status"):
            be_patient(self.stack, names.subscription(name))
        with self.stack.tail() as tail:
            self._send_and_strike(tail, until=begun + self.within)
        traces = self._settled_traces(until=begun + self.within)
        verdict = judge(self.workload.ids, traces)
        figures = self._figures(traces, seconds=time.monotonic() - begun)
        return Soaked(verdict=verdict, missing=list(self._missing()), figures=figures)

    def _send_and_strike(self, tail: Tail, *, until: float) -> None:
        template = self.stack.a_request(script=SCRIPT, params={"TALLY": str(self.tally)})
        waiting = self.workload.publications(template)
        struck = cycle(STRUCK)
        while len(self.heard.closed) < self.workload.releases or self._kills_due():
            self._in_time(until)
            self._publish(list(islice(waiting, self._room())))
            self.heard.listen(tail)
            if self._kills_due():
                self._kill(next(struck))
            time.sleep(LOOK_SECONDS)

    def _room(self) -> int:
        return max(0, min(AT_ONCE, MOST_OPEN - (self.published - len(self.heard.closed))))

    def _publish(self, bodies: Sequence[dict[str, Any]]) -> None:
        if bodies:
            messages = [PubsubMessage(data=json.dumps(body).encode()) for body in bodies]
            self.stack.publisher.publish(topic=names.REQUESTS, messages=messages, timeout=60)
            self.published += len(bodies)

    def _kills_due(self) -> bool:
        """Kills are spread over the soak: as many of all as of the releases that have closed."""
        due = self.workload.crashes * len(self.heard.closed) / self.workload.releases
        return self.kills.total() < min(due, self.workload.crashes)

    def _kill(self, function: str) -> None:
        with suppress(ProcessLookupError, KeyError):  # it is dead already; the next round tries the next
            os.killpg(self.stack.pid(function), signal.SIGKILL)
            self.kills[function] += 1

    def _settled_traces(self, *, until: float) -> Traces:
        """Return the traces once nothing is left to be sent, or as they are when that does not happen."""
        last = min(until, time.monotonic() + QUIET_SECONDS)
        while (traces := self._traces()).is_unsettled and time.monotonic() < last:
            time.sleep(1.0)
        return traces

    def _traces(self) -> Traces:
        ledger = self.stack.ledger
        releases = {one.release_id: one for one in ledger.recent(2 * self.workload.releases)}
        return Traces(marks=read(self.tally), heard=self.heard, releases=releases, lanes=read_lanes(ledger))

    def _lost_entries(self) -> Counter[str]:
        return Counter(self.lost.read_text().split() if self.lost.exists() else ())

    def _missing(self) -> Iterator[str]:
        unheard = sum(map(self.workload.is_unheard, self.workload.ids))
        if (lost := len(self._lost_entries())) < unheard:
            yield f"completions of {lost} releases were lost instead of {unheard}"
        if (kills := self.kills.total()) < self.workload.crashes:
            yield f"{kills} functions were killed instead of {self.workload.crashes}"

    def _figures(self, traces: Traces, *, seconds: float) -> dict[str, str]:
        releases, lost = self.workload.releases, self._lost_entries()
        return {
            "releases": f"{releases} over {self.workload.lanes} lanes",
            "duplicates": str(self.published - releases),
            "functions killed": ", ".join(f"{name} {times}" for name, times in sorted(self.kills.items())),
            "completions lost": f"{len(lost)}, in {lost.total()} entries",
            "scripts run": str(sum(mark.word == "start" for mark in traces.marks)),
            "starts taken over": str(sum(one.starts > 1 for one in traces.releases.values())),
            "status events": str(self.heard.events),
            "time": f"{seconds:.0f} s, {60 * releases / seconds:.0f} releases a minute",
        }

    def _in_time(self, until: float) -> None:
        if time.monotonic() > until:
            left = [one for one in self.workload.ids if one not in self.heard.closed]
            raise Overdue(f"{len(left)} of {self.workload.releases} are not closed, such as {left[:5]}")


def soak(workload: Workload, folder: Path, *, within: float) -> Soaked:
    """Soak a stack of its own in the folder; it is stopped in the end."""
    stack = Stack(
        plan_for(
            folder / "state",
            functions_source=FUNCTIONS,
            reconcile_every=RECONCILE_EVERY,
            extra_environment={**ENVIRONMENT, LOST_FILE: str(folder / "lost")},
        )
    )
    try:
        stack.up()
        return Soak(stack, workload, folder / "tally", folder / "lost", within).run()
    finally:
        stack.down()
