"""`interlock doctor`: look at everything that a release needs, and say what to do for each fault."""

import os

from interlock_cli.errors import ExitCode
from interlock_cli.views.output import JsonFlag, show_table

_TOPICS = ("INTERLOCK_REQUESTS_TOPIC", "INTERLOCK_STATUS_TOPIC", "INTERLOCK_DEAD_LETTERS_TOPIC")


def doctor(*, as_json: JsonFlag = False) -> int:
    """Check credentials, permissions, topics, subscriptions, jobs, routes, ledger and clock; exit 1 for a fault.

    Example: interlock --local doctor
    """
    from interlock_cli.actions.checks import Settings, examine

    pubsub = os.environ.get("PUBSUB_EMULATOR_HOST", "")
    settings = Settings(
        ledger=os.environ.get("INTERLOCK_LEDGER", ""),
        routes=os.environ.get("INTERLOCK_ROUTES", ""),
        topics=tuple(os.environ.get(name, "") for name in _TOPICS),
        pubsub_endpoint=pubsub,
        run_endpoint=os.environ.get("INTERLOCK_RUN_ENDPOINT", ""),
        is_local=bool(pubsub),
    )
    found = list(examine(settings))
    rows = [(one.state, one.what, f"{one.found} → {one.remedy}" if one.remedy else one.found) for one in found]
    show_table([one.as_document() for one in found], ("state", "what", "found → to do"), rows, as_json=as_json)
    return ExitCode.FAILURE if any(one.state == "fault" for one in found) else ExitCode.SUCCESS
