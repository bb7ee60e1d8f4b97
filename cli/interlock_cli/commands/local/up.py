"""`interlock local up`: run the whole system on this machine, in the foreground or detached."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlock_cli.options import DEFAULT_LOCAL_STATE, JsonFlag, LocalStateFlag
from interlock_cli.views.output import print_result, print_status

if TYPE_CHECKING:
    from interlock_local.stack.state import StackRecord


class PubSubChoice(StrEnum):
    """What takes the place of Pub/Sub."""

    EMBEDDED = "embedded"
    OFFICIAL = "official"


class LedgerChoice(StrEnum):
    """Where releases are recorded."""

    SQLITE = "sqlite"
    OFFICIAL = "official"


def _flag(name: str, help_text: str, **bounds: Any) -> Any:
    twin = "INTERLOCK_LOCAL_" + name.removeprefix("--").replace("-", "_").upper()
    return typer.Option(name, envvar=twin, help=help_text, **bounds)


LocalRoutesFlag = Annotated[Path | None, _flag("--routes", "Routes document; without it, one route takes everything.")]
PubSubFlag = Annotated[PubSubChoice, _flag("--pubsub", "Ours, or Google's emulator.")]
LocalLedgerFlag = Annotated[LedgerChoice, _flag("--ledger", "SQLite, or Google's Firestore emulator.")]
PortFlag = Annotated[int, _flag("--port-base", "First of the ports; 0 takes any that are free.", min=0, max=65000)]
ReconcileEveryFlag = Annotated[float, _flag("--reconcile-every", "Seconds between two reconcile runs.", min=0.1)]
ContainerFlag = Annotated[bool, _flag("--container", "Run each task in a container of the agent's image.")]
ToolFlag = Annotated[
    str | None, _flag("--container-tool", "With --container: podman, docker, or what takes their build and run.")
]
DetachFlag = Annotated[bool, typer.Option("--detach", "-d", help="Return when it is ready, and leave it running.")]


def up(  # noqa: PLR0913 - one flag, one parameter
    *,
    detach: DetachFlag = False,
    routes: LocalRoutesFlag = None,
    state: LocalStateFlag = DEFAULT_LOCAL_STATE,
    pubsub: PubSubFlag = PubSubChoice.EMBEDDED,
    ledger: LocalLedgerFlag = LedgerChoice.SQLITE,
    port_base: PortFlag = 8700,
    reconcile_every: ReconcileEveryFlag = 10.0,
    container: ContainerFlag = False,
    container_tool: ToolFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Start the stack; say ready only when every part answers. Example: interlock local up --detach"""
    from interlock_local.stack.control import start
    from interlock_local.stack.plan import DEFAULT_ROUTES, StackPlan, ports_from
    from interlock_local.stack.ports import free_ports

    tool = _build_image(container_tool, state) if container else None
    plan = StackPlan(
        state=state.resolve(),
        ports=ports_from(port_base) if port_base else free_ports(),
        routes=routes.resolve() if routes else DEFAULT_ROUTES,
        pubsub=pubsub.value,
        ledger=ledger.value,
        reconcile_every=reconcile_every,
        container_tool=tool,
    )
    if detach:
        _print_ready(start(plan), state, as_json=as_json)
        return
    from interlock_local.stack.foreground import run

    print_status("starting; Ctrl-C stops")
    run(plan, lambda record: _print_ready(record, state, as_json=as_json))


def _build_image(wanted: str | None, state: Path) -> str:
    from interlock_local.stack.container import build, find_tool, open_results

    tool = find_tool(wanted)
    open_results(state.resolve())
    print_status("building the agent's image")
    build(tool, log=state.resolve() / "logs" / "image.log")
    return tool


def _print_ready(record: "StackRecord", state: Path, *, as_json: bool) -> None:
    option = "" if state == DEFAULT_LOCAL_STATE else f" --state {state}"
    services = [f"  {name:<20} 127.0.0.1:{record.ports[name]}" for name in record.services if name in record.ports]
    lines = [*services, f'ready; for this shell: eval "$(interlock local env{option})"']
    document = {
        "ready": True,
        "supervisor": record.supervisor.pid,
        "ports": record.ports,
        "environment": record.environment,
    }
    print_result(document, lines, as_json=as_json)
