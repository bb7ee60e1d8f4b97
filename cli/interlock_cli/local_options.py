"""The flags that the `interlock local` commands share."""

from pathlib import Path
from typing import Annotated

import typer

StateFlag = Annotated[
    Path, typer.Option("--state", envvar="INTERLOCK_STATE", help="Directory that holds everything of the local stack.")
]
DEFAULT_STATE = Path(".interlock")
