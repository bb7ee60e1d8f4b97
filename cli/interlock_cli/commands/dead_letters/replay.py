"""`interlock dead-letters replay`: publish dead letters again, once it is clear what would become of them."""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from interlock_cli.errors import CommandError, ExitCode
from interlock_cli.options import ByFlag, EndpointFlag, LedgerFlag, RoutesFlag, TopicFlag, YesFlag, who
from interlock_cli.views.output import JsonFlag, say, show

if TYPE_CHECKING:
    from interlock.bootstrap import FullLedger
    from interlock_cli.actions.replay import Replay

LetterArgument = Annotated[str | None, typer.Argument(metavar="[ID]", help="The dead letter's id, dl-….")]
GroupFlag = Annotated[str | None, typer.Option("--group", metavar="FINGERPRINT", help="All open letters of one cause.")]
EditFlag = Annotated[bool, typer.Option("--edit", help="Mend the message in $VISUAL or $EDITOR first.")]
WhyFlag = Annotated[str | None, typer.Option("--reason", help="Why, kept with the letter.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """Where replays go and who asks for them."""

    topic: str
    endpoint: str
    by: str
    reason: str | None


def replay(  # noqa: PLR0913 - one flag, one parameter
    ledger: LedgerFlag,
    routes: RoutesFlag,
    topic: TopicFlag,
    dead_letter_id: LetterArgument = None,
    *,
    group: GroupFlag = None,
    edit: EditFlag = False,
    yes: YesFlag = False,
    by: ByFlag = "",
    reason: WhyFlag = None,
    endpoint: EndpointFlag = "",
    as_json: JsonFlag = False,
) -> int:
    """Replay dead letters: say what would happen, and with --yes do it; exit 2 if some would be rejected again.

    Examples: interlock dead-letters replay dl-0123456789abcdef01234567 · interlock dead-letters replay --group 9f…
    """
    from interlock.bootstrap import open_ledger

    opened = open_ledger(ledger)
    planned = _plans(opened, routes, dead_letter_id, group=group, edit=edit)
    good = [one for one in planned if one.forecast.is_good]
    if not as_json:
        show(None, (one.line() for one in planned), as_json=False)
    does = bool(good) and (yes or _agrees(len(good)))
    if does:
        _carry_out(good, opened, _Order(topic=topic, endpoint=endpoint, by=who(by), reason=_why(reason, edit=edit)))
    say(f"{len(good)} of {len(planned)} replayed" if does else _not_sent(len(good)))
    if as_json:
        show([{**one.as_document(), "published": does and one in good} for one in planned], (), as_json=True)
    return ExitCode.SUCCESS if len(good) == len(planned) else ExitCode.REJECTED


def _plans(
    ledger: "FullLedger", routes: str, dead_letter_id: str | None, *, group: str | None, edit: bool
) -> "list[Replay]":
    from interlock.bootstrap import load_routes, utc_now
    from interlock.domain.requests.parser import RequestParser
    from interlock.domain.requests.schema_validation import SchemaValidator
    from interlock.schema_files import load_schema
    from interlock_cli.actions.dead_letters import find_letter, letters
    from interlock_cli.actions.replay import plan_replay

    if (dead_letter_id is None) == (group is None) or (edit and group):
        raise CommandError("name one dead letter, or one --group without --edit", _LIST, code=ExitCode.USAGE)
    found = [find_letter(ledger, dead_letter_id)] if dead_letter_id else list(letters(ledger, group=group))
    if not found:
        raise CommandError(f"no open dead letter in the group {group}", _LIST)
    parser = RequestParser(SchemaValidator.of(load_schema("release-request.v1")), load_routes(routes))
    edited = _edited(found[0].letter.data) if edit else None
    return [plan_replay(one, ledger, parser=parser, now=utc_now(), edited=edited) for one in reversed(found)]


_LIST = "run: interlock dead-letters list --group"


def _carry_out(replays: "list[Replay]", ledger: "FullLedger", order: _Order) -> None:
    from interlock.bootstrap import open_poster, utc_now
    from interlock.domain.dead_letters.stored import Resolution
    from interlock_cli.actions.replay import carry_out

    poster = open_poster(order.endpoint or None)
    for one in replays:
        settlement = Resolution(action="replayed", by=order.by, at=utc_now(), reason=order.reason)
        carry_out(one, ledger, poster=poster, topic=order.topic, settlement=settlement)


def _edited(data: bytes) -> bytes:
    from interlock_cli.actions.editor import edited

    return edited(data)


def _why(reason: str | None, *, edit: bool) -> str | None:
    return " ".join(part for part in (reason, "(edited)" if edit else None) if part) or None


def _agrees(count: int) -> bool:
    return sys.stdin.isatty() and typer.confirm(f"replay {count}?", err=True)


def _not_sent(good: int) -> str:
    return "a dry run: nothing was sent; add --yes to replay" if good else "nothing to replay: it would fail again"
