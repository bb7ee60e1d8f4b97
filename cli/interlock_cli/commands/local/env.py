"""`interlock local env`: what a shell must know so that every command talks to the running stack."""

import shlex

from interlock_cli.local_options import DEFAULT_STATE, StateFlag
from interlock_cli.views.output import JsonFlag, show


def env(state: StateFlag = DEFAULT_STATE, as_json: JsonFlag = False) -> None:  # noqa: FBT002 - a flag
    """Print `export` lines for the running stack. Example: eval "$(interlock local env)" """
    from interlock_local.stack.control import running_environment

    variables = running_environment(state)
    show(variables, (f"export {name}={shlex.quote(value)}" for name, value in variables.items()), as_json=as_json)
