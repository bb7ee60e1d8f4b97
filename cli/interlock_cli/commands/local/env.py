"""`interlock local env`: the variables that lead every command of a shell to the running stack."""

import shlex

from interlock_cli.options import DEFAULT_LOCAL_STATE, JsonFlag, LocalStateFlag
from interlock_cli.views.output import print_result


def env(state: LocalStateFlag = DEFAULT_LOCAL_STATE, *, as_json: JsonFlag = False) -> None:
    """Print `export` lines for the running stack. Example: eval "$(interlock local env)" """
    from interlock_local.stack.control import running_environment

    variables = running_environment(state)
    lines = (f"export {name}={shlex.quote(value)}" for name, value in variables.items())
    print_result(variables, lines, as_json=as_json)
