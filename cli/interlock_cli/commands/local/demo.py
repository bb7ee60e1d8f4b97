"""`interlock local demo`: the whole system on this machine, good and bad releases, each watched to its end."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interlock_cli.errors import ExitCode
from interlock_cli.views.output import JsonFlag, show

if TYPE_CHECKING:
    from rich.console import Console

    from interlock.domain.releases.model import Release
    from interlock_cli.demo.scenes import Scene

StateFlag = Annotated[Path, typer.Option("--state", help="Directory of the demo's own stack; emptied first.")]
SecondsFlag = Annotated[float, typer.Option("--seconds", help="How long the releases may take.")]


def demo(state: StateFlag = Path(".interlock-demo"), seconds: SecondsFlag = 60.0, *, as_json: JsonFlag = False) -> int:
    """Run good, bad, doubled and hopeless releases; exit 0 only if each ended as it must.

    Example: interlock local demo
    """
    import shutil

    from rich.console import Console

    from interlock_cli.demo import stage

    console, state = Console(stderr=as_json), state.resolve()
    stage.stop(state)
    shutil.rmtree(state, ignore_errors=True)
    try:
        return _play(state, console, seconds, as_json=as_json)
    finally:
        stage.stop(state)


def _play(state: Path, console: "Console", seconds: float, *, as_json: bool) -> int:
    from interlock_cli.demo import stage
    from interlock_cli.demo.scenes import scenes
    from interlock_cli.demo.watch import watch
    from interlock_cli.views.release import as_document

    tally = state / "tally"
    cast = scenes(stage.make_artifact(state / "my-app-1.2.4.zip"), tally)
    console.print("starting Pub/Sub, Cloud Run, four functions and the ledger on this machine …", highlight=False)
    environment = stage.start(state, stage.make_routes(state / "demo-routes.json"))
    _publish(cast, environment)
    found = watch(cast, lambda: _look(cast, environment), console=console, seconds=seconds)
    wrong, alerts = _judge(cast, found, state, console)
    document = {"ok": not wrong, "faults": wrong, "alerts": alerts, "releases": list(map(as_document, found.values()))}
    show(document, (), as_json=as_json)
    return ExitCode.FAILURE if wrong else ExitCode.SUCCESS


def _publish(cast: "tuple[Scene, ...]", environment: Mapping[str, str]) -> None:
    from interlock.bootstrap import open_publisher
    from interlock.ports import OutgoingMessage

    messages = [OutgoingMessage(data=body, attributes={"origin": "demo"}) for scene in cast for body in scene.bodies]
    open_publisher(environment["PUBSUB_EMULATOR_HOST"]).publish(environment["INTERLOCK_REQUESTS_TOPIC"], messages)


def _look(cast: "tuple[Scene, ...]", environment: Mapping[str, str]) -> "dict[str, Release]":
    from interlock.bootstrap import open_ledger
    from interlock.domain.releases.model import Release
    from interlock.services.release_transaction import release_key

    ledger = open_ledger(environment["INTERLOCK_LEDGER"])
    found = {scene.release_id: ledger.read(release_key(scene.release_id)) for scene in cast}
    return {release_id: one for release_id, one in found.items() if isinstance(one, Release)}


def _judge(
    cast: "tuple[Scene, ...]", found: "Mapping[str, Release]", state: Path, console: "Console"
) -> tuple[list[str], list[str]]:
    """Tell how each release ended; return what is wrong, and who was alerted."""
    from interlock_cli.demo import stage
    from interlock_cli.demo.verdict import faults
    from interlock_cli.views.release import as_lines

    for release in found.values():
        console.print("\n".join(["", *as_lines(release)]), highlight=False, markup=False, soft_wrap=True)
    alerts = _alerts(cast, state)
    wrong = list(faults(cast, found, runs=stage.lines_of(state / "tally"), alerted=alerts))
    console.print("", *(f"alert      {one}" for one in alerts), sep="\n", highlight=False, soft_wrap=True)
    console.print("\n".join(wrong) or "\nevery release ended as it must", highlight=False, markup=False, soft_wrap=True)
    return wrong, alerts


def _alerts(cast: "tuple[Scene, ...]", state: Path) -> list[str]:
    """Return the releases that were alerted, once all that must be are there or 10 s are over."""
    import time

    from interlock_cli.demo import stage

    due = {scene.release_id for scene in cast if scene.is_alerted}
    deadline = time.monotonic() + 10.0
    while time.monotonic() < deadline:
        if due <= set(alerts := stage.alerted(state / "logs" / "alert_dead_letter.log")):
            return alerts
        time.sleep(0.2)
    return alerts
