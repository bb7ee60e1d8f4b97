"""Runs the demo: starts the stack, publishes the releases, watches them to their ends, and checks each end."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from interlock.bootstrap import open_ledger, open_publisher
from interlock.domain.releases.model import Release
from interlock.ports import OutgoingMessage
from interlock_cli.actions.releases import read_release
from interlock_cli.demo import stack
from interlock_cli.demo.releases import DemoRelease, demo_releases
from interlock_cli.demo.verdict import faults
from interlock_cli.demo.watch import watch
from interlock_cli.views.release import release_document, release_lines

_ALERT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What is wrong, which releases were alerted, and every release's record."""

    faults: Sequence[str]
    alerts: Sequence[str]
    releases: Mapping[str, Release]

    def as_document(self) -> dict[str, object]:
        """Return the result as JSON."""
        releases = [release_document(one) for one in self.releases.values()]
        return {"ok": not self.faults, "faults": self.faults, "alerts": self.alerts, "releases": releases}


def run_demo(state: Path, console: Console, *, seconds: float) -> DemoResult:
    """Run the demo in this directory; the caller stops the stack."""
    runs = state / "runs"
    expected = demo_releases(stack.make_artifact(state / "my-app-1.2.4.zip"), runs)
    console.print("starting Pub/Sub, Cloud Run, four functions and the ledger on this machine …", highlight=False)
    environment = stack.start(state, stack.make_routes(state / "demo-routes.json"))
    _publish(expected, environment)
    releases = watch(expected, _reader(expected, environment["INTERLOCK_LEDGER"]), console=console, seconds=seconds)
    for release in releases.values():
        console.print("\n".join(["", *release_lines(release)]), highlight=False, markup=False, soft_wrap=True)
    alerts = _wait_for_alerts(expected, state / "logs" / "alert_dead_letter.log")
    found = list(faults(expected, releases, runs=stack.read_lines(runs), alerted=alerts))
    _print_verdict(found, alerts, console)
    return DemoResult(found, alerts, releases)


def _publish(expected: Sequence[DemoRelease], environment: Mapping[str, str]) -> None:
    messages = [OutgoingMessage(data=body, attributes={"origin": "demo"}) for one in expected for body in one.bodies]
    open_publisher(environment["PUBSUB_EMULATOR_HOST"]).publish(environment["INTERLOCK_REQUESTS_TOPIC"], messages)


def _reader(expected: Sequence[DemoRelease], url: str) -> Callable[[], dict[str, Release]]:
    ledger = open_ledger(url)

    def read() -> dict[str, Release]:
        found = {one.release_id: read_release(ledger, one.release_id) for one in expected}
        return {release_id: release for release_id, release in found.items() if release}

    return read


def _wait_for_alerts(expected: Sequence[DemoRelease], log: Path) -> list[str]:
    """Return the releases that were alerted, once all that must be are there or the time is up."""
    due = {one.release_id for one in expected if one.is_alerted}
    deadline = time.monotonic() + _ALERT_SECONDS
    while not due <= set(alerts := stack.read_alerts(log)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return alerts


def _print_verdict(found: Sequence[str], alerts: Sequence[str], console: Console) -> None:
    console.print("", *(f"alert      {one}" for one in alerts), sep="\n", highlight=False, soft_wrap=True)
    verdict = "\n".join(found) or "\nevery release ended as it must"
    console.print(verdict, highlight=False, markup=False, soft_wrap=True)
