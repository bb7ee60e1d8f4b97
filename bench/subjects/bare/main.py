"""The functions with everything left out but their calls: the same official clients, the same calls in the same order.

What each needs is loaded before the worker is forked, as the functions do it, and connects when it is first used.
"""

import os
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

CALLS: Mapping[str, tuple[str, ...]] = {
    "bare_dispatch_release": (
        *("ledger.get_both", "ledger.claim", "jobs.run"),
        *("ledger.write", "topic.publish", "ledger.write"),
    ),
    "bare_report_status": (
        *("bucket.results", "ledger.get", "ledger.get"),
        *("ledger.claim", "topic.publish", "ledger.write"),
    ),
    "bare_alert_dead_letter": (
        *("ledger.get_both", "ledger.claim", "ledger.get"),
        *("ledger.write", "topic.publish", "ledger.write"),
    ),
    "bare_reconcile_releases": ("ledger.query",),
}


@cache
def _calls(function: str) -> tuple[Callable[[], None], ...]:
    names = (call.split(".") for call in CALLS[function])
    return tuple(getattr(import_module(f"bench.subjects.calls.{client}"), call) for client, call in names)


def _make(function: str) -> tuple[str, int]:
    for call in _calls(function):
        call()
    return "", 204


def bare_dispatch_release(_request: Any) -> tuple[str, int]:
    """Make the calls of a dispatch and answer 204."""
    return _make("bare_dispatch_release")


def bare_report_status(_request: Any) -> tuple[str, int]:
    """Make the calls of a completion and answer 204."""
    return _make("bare_report_status")


def bare_alert_dead_letter(_request: Any) -> tuple[str, int]:
    """Make the calls of a dead letter and answer 204."""
    return _make("bare_alert_dead_letter")


def bare_reconcile_releases(_request: Any) -> tuple[str, int]:
    """Make the call of a tick with nothing due and answer 204."""
    return _make("bare_reconcile_releases")


if (target := os.environ.get("FUNCTION_TARGET")) in CALLS:
    _calls(target)
