"""`interlock releases list`: the releases that changed last, by lane, environment or state."""

from itertools import islice, takewhile
from typing import TYPE_CHECKING, Annotated

import typer

from interlock_cli.options import JsonFlag, LedgerFlag, LimitFlag, SinceFlag
from interlock_cli.views.output import print_status, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from interlock.domain.releases.model import Release

LaneFlag = Annotated[str | None, typer.Option("--lane", help="Only of this lane, as staging/web.")]
EnvFlag = Annotated[str | None, typer.Option("--env", help="Only of this target_env.")]
StateFlag = Annotated[
    list[str] | None,
    typer.Option("--state", help="Only in this state; again for more; open and closed are words, too."),
]
MOST_READ = 10_000


def list_releases(  # noqa: PLR0913 - one flag, one parameter
    ledger: LedgerFlag,
    *,
    lane: LaneFlag = None,
    env: EnvFlag = None,
    state: StateFlag = None,
    since: SinceFlag = None,
    limit: LimitFlag = 50,
    as_json: JsonFlag = False,
) -> None:
    """List releases, the last changed first. Example: interlock releases list --env production --state open"""
    from interlock.bootstrap import utc_now
    from interlock_cli.views.release import release_document
    from interlock_cli.views.release_table import HEADINGS, release_row

    now = utc_now()
    recent = _bounded(_recent(ledger, now - since if since else None))
    wanted = (one for one in recent if _is_wanted(one, lane=lane, env=env, states=state))
    found = list(islice(wanted, limit))
    rows = [release_row(one, now) for one in found]
    print_table([release_document(one) for one in found], HEADINGS, rows, as_json=as_json)


def _recent(url: str, earliest: "datetime | None") -> "Iterator[Release]":
    from interlock.bootstrap import open_ledger
    from interlock.domain.releases.model import Release

    releases = (one for one in open_ledger(url).newest("releases") if isinstance(one, Release))
    return takewhile(lambda one: earliest is None or one.updated_at >= earliest, releases)


def _bounded(releases: "Iterator[Release]") -> "Iterator[Release]":
    """Yield at most MOST_READ and report what is left out, because nobody waits for a search through years."""
    yield from islice(releases, MOST_READ)
    if next(releases, None) is not None:
        print_status(f"only the {MOST_READ} releases that changed last were looked at")


def _is_wanted(release: "Release", *, lane: str | None, env: str | None, states: list[str] | None) -> bool:
    own = {release.public_state.value, "closed" if release.is_closed else "open"}
    return (
        (lane is None or (release.plan is not None and release.plan.lane == lane))
        and (env is None or release.request.get("target_env") == env)
        and (not states or bool(own & set(states)))
    )
