"""Writes docs/runbooks/README.md: every alert and every reason with its page."""

from collections.abc import Iterator

from interlock.domain.reasons import ERRORED, FAILED, REASONS, REJECTED, STOPPED
from interlock_cli.views.reasons import closing_reason_text

ALERTS = {
    "dead_letter": "A message could not be handled.",
    "failed_release": "A release ended in a state that somebody wants to hear of.",
    "function_errors": "A function answers with errors.",
    "backlog": "Messages pile up.",
    "oldest_message": "A message waits too long.",
    "reconcile": "`reconcile_releases` does not run.",
    "failed_executions": "A job's execution failed, by Cloud Run's own count.",
}
"""Every alert policy that Terraform declares, by its key there."""

GROUPS = {
    "The message was turned away": REJECTED,
    "The release ran and failed": FAILED,
    "Interlock or the platform could not do it": ERRORED | (REASONS - REJECTED - FAILED - STOPPED),
    "The release was stopped": STOPPED,
}
INTRODUCTION = """# Runbooks

One page for each alert and for each reason that a release closes with or a message becomes a dead letter for.
Each begins with what to look at and the command to run.
The commands need an installation: `interlock --project PROJECT …`, or its variables in the environment.
`python -m tests.docs.generate` writes this page.
"""


def page() -> str:
    """Return the page."""
    return "\n".join((INTRODUCTION, "## Alerts\n", *_table("alert", ALERTS), *_reasons())) + "\n"


def _reasons() -> Iterator[str]:
    for title, words in GROUPS.items():
        yield f"\n## {title}\n"
        yield from _table("reason", {word: closing_reason_text(word).why for word in sorted(words)})


def _table(heading: str, rows: dict[str, str]) -> Iterator[str]:
    yield f"| {heading} | what it means |"
    yield "|---|---|"
    yield from (f"| [`{name}`]({name}.md) | {meaning} |" for name, meaning in rows.items())
