"""`interlock local up`: run the whole system on this machine, in the foreground or detached."""

from cli.local_options import DEFAULT_STATE, StateFlag


def up(state: StateFlag = DEFAULT_STATE) -> None:
    """Start the stack; say ready only when every part answers."""
    from local.control import run

    run(state)
