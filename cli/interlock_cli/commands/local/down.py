"""`interlock local down`: stop the running stack; nothing it has recorded is lost."""

from interlock_cli.local_options import DEFAULT_STATE, StateFlag
from interlock_cli.views.output import JsonFlag, show


def down(state: StateFlag = DEFAULT_STATE, as_json: JsonFlag = False) -> None:  # noqa: FBT002 - a flag
    """Stop the stack and wait until it is gone; fine if none runs. Example: interlock local down"""
    from interlock_local.stack.control import stop

    stopped = stop(state)
    show({"stopped": stopped}, ["stopped" if stopped else "not running"], as_json=as_json)
