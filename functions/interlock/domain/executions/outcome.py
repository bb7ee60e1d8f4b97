"""Decides what an ended execution means for its release, by its Completed condition, its reason and its task counts.

Google changes the wordings, so only counts, the condition, reasons and short phrases decide.
"""

import re
from dataclasses import dataclass

from interlock.domain.redaction import redact_text
from interlock.domain.releases.model import Result, State

_PHRASES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "timeout",
        re.compile(
            r"\b(?:configured|maximum) timeout\b|\btimeout (?:was )?reached\b|\btimed out\b",
            re.IGNORECASE,
        ),
    ),
    ("out_of_memory", re.compile(r"\bmemory limit\b|\bout of memory\b", re.IGNORECASE)),
    ("non_zero_exit", re.compile(r"\bexit(?:ed)? (?:with )?(?:an? )?(?:code|status|error)\b", re.IGNORECASE)),
)
"""Phrases with a space in them, which no job's or execution's name can hold."""

_EXIT_CODE = re.compile(r"\bexit(?:ed)? (?:with )?(?:an? )?(?:code|status)\W{0,3}([0-9]{1,3})\b", re.IGNORECASE)
_WITHOUT_FAULT = re.compile(r"\bexit(?:ed)? (?:with )?(?:an? )?(?:code|status)\W{0,3}0\b", re.IGNORECASE)
"""An exit code of 0 is no fault: Cloud Run writes it before the limit that really ended the task."""

_REASONS = {"non_zero_exit_code": "non_zero_exit", "cancelling": "cancelled", "canceled": "cancelled"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How the tasks of an execution ended; a count the platform left out is zero."""

    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    retried: int = 0


def outcome_of(
    completed: bool | None,  # noqa: FBT001 - the condition's three values: True, False, not yet
    reason: str | None,
    *,
    message: str | None,
    counts: Counts,
    task_count: int,
) -> tuple[State, Result] | None:
    """Return the closing state and its result by these rules, in their order; None while the execution has not ended.

    The reason comes first, then what failed, then what was cancelled: the platform cancels the other tasks of an
    execution that failed, so counts alone prove no cancel. Log entries and the API spell reasons in two ways.
    """
    if completed is None:
        return None
    detail, words = bounded_detail(message), _WITHOUT_FAULT.sub("", message or "")
    word = _reason_word(reason)
    if word == "cancelled":
        return State.CANCELLED, Result(reason="cancelled", detail=detail)
    if completed and counts.succeeded == task_count and counts.failed == 0:
        return State.SUCCEEDED, Result()
    if word is None and counts.cancelled > 0 and counts.failed == 0:
        return State.CANCELLED, Result(reason="cancelled", detail=detail)
    if completed:
        return State.ERRORED, Result(reason="inconsistent", detail=_mismatch(counts, task_count))
    if word is None or (word == "non_zero_exit" and words != (message or "")):
        word = _reason_from(words, counts)
    return State.FAILED, Result(reason=word, detail=detail, exit_code=_exit_code(words))


def bounded_detail(message: str | None, limit: int = 500) -> str | None:
    """The platform's words for people: redacted, because newer wordings quote the container's own output."""
    text = redact_text(message).strip() if message else ""
    return (text if len(text) <= limit else text[: limit - 1] + "…") or None


def _reason_word(reason: str | None) -> str | None:
    """`NonZeroExitCode`, `NON_ZERO_EXIT_CODE` and their like as one lower case word."""
    if not reason:
        return None
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", reason[:64])
    word = "_".join(words).lower()
    return _REASONS.get(word, word) or None


def _reason_from(message: str, counts: Counts) -> str:
    """The reason that a message gives, by its first phrase: what follows may be the script's own output."""
    found = [(match.start(), word) for word, phrase in _PHRASES if (match := phrase.search(message))]
    if found:
        return min(found)[1]
    return "unknown" if counts.failed or counts.succeeded or counts.retried else "start_failed"


def _exit_code(message: str) -> int | None:
    match = _EXIT_CODE.search(message)
    return int(match[1]) if match else None


def _mismatch(counts: Counts, task_count: int) -> str:
    return f"completed, yet {counts.succeeded} of {task_count} tasks succeeded and {counts.failed} failed"
