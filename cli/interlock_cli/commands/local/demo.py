"""`interlock local demo`: the whole system on this machine, good and bad releases, each watched to its end."""

from pathlib import Path
from typing import Annotated

import typer

from interlock_cli.errors import ExitCode
from interlock_cli.options import JsonFlag
from interlock_cli.views.output import print_result

DemoStateFlag = Annotated[Path, typer.Option("--state", help="Directory of the demo's own stack; emptied first.")]
SecondsFlag = Annotated[float, typer.Option("--seconds", help="How long the releases may take.")]


def demo(
    state: DemoStateFlag = Path(".interlock-demo"), seconds: SecondsFlag = 60.0, *, as_json: JsonFlag = False
) -> int:
    """Run good, bad, doubled and hopeless releases; exit 0 only if each ended as it must.

    Example: interlock local demo
    """
    import shutil

    from rich.console import Console

    from interlock_cli.demo import stack
    from interlock_cli.demo.run import run_demo

    state = state.resolve()
    stack.stop(state)
    shutil.rmtree(state, ignore_errors=True)
    try:
        result = run_demo(state, Console(stderr=as_json), seconds=seconds)
        print_result(result.as_document(), (), as_json=as_json)
    finally:
        stack.stop(state)
    return ExitCode.FAILURE if result.faults else ExitCode.SUCCESS
