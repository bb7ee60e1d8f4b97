"""`interlock local down`: stop the running stack; nothing it has recorded is lost."""

from interlock_cli.options import DEFAULT_LOCAL_STATE, JsonFlag, LocalStateFlag
from interlock_cli.views.output import print_result


def down(state: LocalStateFlag = DEFAULT_LOCAL_STATE, *, as_json: JsonFlag = False) -> None:
    """Stop the stack and wait until it is gone; fine if none runs. Example: interlock local down"""
    from interlock_local.stack.control import stop

    stopped = stop(state)
    print_result({"stopped": stopped}, ["stopped" if stopped else "not running"], as_json=as_json)
