"""`interlock releases list`: the releases that changed last, by lane, environment or state."""

from datetime import timedelta
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Annotated

import typer

from interlock_cli.options import LedgerFlag, LimitFlag, SinceFlag
from interlock_cli.views.output import JsonFlag, say, show_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.domain.releases.model import Release

LaneFlag = Annotated[str | None, typer.Option("--lane", help="Only of this lane, as staging/web.")]
EnvFlag = Annotated[str | None, typer.Option("--env", help="Only of this target_env.")]
StateFlag = Annotated[
    list[str] | None,
    typer.Option("--state", help="Only in this state; again for more; open and closed are words, too."),
]
MOST_LOOKED_AT = 10_000
HEADINGS = ("release", "state", "reason", "env", "service", "version", "lane", "changed")


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
    from interlock_cli.views.release import as_document

    looked_at = _counted(_recent(ledger, since))
    wanted = (one for one in looked_at if _is_wanted(one, lane=lane, env=env, states=state))
    found = list(islice(wanted, limit))
    show_table([as_document(one) for one in found], HEADINGS, map(row, found), as_json=as_json)


def _counted(releases: "Iterator[Release]") -> "Iterator[Release]":
    """Yield them up to the bound, and say so there: nobody waits for a search through years."""
    yield from islice(releases, MOST_LOOKED_AT)
    if next(releases, None) is not None:
        say(f"only the {MOST_LOOKED_AT} releases that changed last were looked at")


def row(release: "Release") -> tuple[object, ...]:
    """Return the release as a table's row."""
    from interlock.bootstrap import utc_now

    asked = release.request
    version = asked.get("release_version") or asked.get("task")
    return (
        *(release.release_id, release.public_state.value, release.result.reason),
        *(asked.get("target_env"), asked.get("service"), version),
        *(release.plan and release.plan.lane, _ago(utc_now() - release.updated_at)),
    )


def _ago(age: timedelta) -> str:
    from interlock_cli.durations import shown

    return f"{shown(age)} ago"


def _recent(url: str, since: timedelta | None) -> "Iterator[Release]":
    from interlock.bootstrap import open_ledger, utc_now
    from interlock.domain.releases.model import Release

    releases = (one for one in open_ledger(url).newest("releases") if isinstance(one, Release))
    if since is None:
        return releases
    earliest = utc_now() - since
    return takewhile(lambda one: one.updated_at >= earliest, releases)


def _is_wanted(release: "Release", *, lane: str | None, env: str | None, states: list[str] | None) -> bool:
    own = {release.public_state.value, "closed" if release.is_closed else "open"}
    return (
        (lane is None or (release.plan is not None and release.plan.lane == lane))
        and (env is None or release.request.get("target_env") == env)
        and (not states or bool(own & set(states)))
    )
