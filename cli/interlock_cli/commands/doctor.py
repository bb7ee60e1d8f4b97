"""`interlock doctor`: check everything that a release needs, and print what to do about each fault."""

import os

from interlock_cli.errors import ExitCode
from interlock_cli.options import JsonFlag
from interlock_cli.views.output import print_table

_TOPICS = ("INTERLOCK_REQUESTS_TOPIC", "INTERLOCK_STATUS_TOPIC", "INTERLOCK_DEAD_LETTERS_TOPIC")


def doctor(*, as_json: JsonFlag = False) -> int:
    """Check credentials, permissions, topics, subscriptions, jobs, routes, ledger and clock; exit 1 for a fault.

    Example: interlock --local doctor
    """
    from interlock_cli.actions.doctor.all_checks import run_all_checks
    from interlock_cli.actions.doctor.check import CheckTargets

    pubsub = os.environ.get("PUBSUB_EMULATOR_HOST", "")
    targets = CheckTargets(
        ledger=os.environ.get("INTERLOCK_LEDGER", ""),
        routes=os.environ.get("INTERLOCK_ROUTES", ""),
        topics=tuple(os.environ.get(name, "") for name in _TOPICS),
        pubsub_endpoint=pubsub,
        run_endpoint=os.environ.get("INTERLOCK_RUN_ENDPOINT", ""),
        is_local=bool(pubsub),
    )
    results = list(run_all_checks(targets))
    rows = [(one.state, one.what, f"{one.found} → {one.remedy}" if one.remedy else one.found) for one in results]
    print_table([one.as_document() for one in results], ("state", "what", "found → to do"), rows, as_json=as_json)
    return ExitCode.FAILURE if any(one.state == "fault" for one in results) else ExitCode.SUCCESS
