"""`interlock dead-letters replay`: publish dead letters again, once it is clear what would become of them."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from interlock_cli.errors import CommandError, ExitCode
from interlock_cli.options import (
    ByFlag,
    EndpointFlag,
    JsonFlag,
    LedgerFlag,
    RoutesFlag,
    TopicFlag,
    YesFlag,
    requester,
)
from interlock_cli.views.output import print_result, print_status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.domain.dead_letters.stored import StoredDeadLetter
    from interlock.ledger.interface import LedgerReader
    from interlock_cli.actions.replay import ReplayPlan

OptionalIdArgument = Annotated[str | None, typer.Argument(metavar="[ID]", help="The dead letter's id, dl-….")]
GroupFlag = Annotated[str | None, typer.Option("--group", metavar="FINGERPRINT", help="All open letters of one cause.")]
EditFlag = Annotated[bool, typer.Option("--edit", help="Mend the message in $VISUAL or $EDITOR first.")]
ReasonFlag = Annotated[str | None, typer.Option("--reason", help="Why, kept with the letter.")]


def replay(  # noqa: PLR0913 - one flag, one parameter
    ledger: LedgerFlag,
    routes: RoutesFlag,
    topic: TopicFlag,
    dead_letter_id: OptionalIdArgument = None,
    *,
    group: GroupFlag = None,
    edit: EditFlag = False,
    yes: YesFlag = False,
    by: ByFlag = "",
    reason: ReasonFlag = None,
    endpoint: EndpointFlag = "",
    as_json: JsonFlag = False,
) -> int:
    """Replay dead letters: say what would happen, and with --yes do it; exit 2 if some would be rejected again.

    Examples: interlock dead-letters replay dl-0123456789abcdef01234567 · interlock dead-letters replay --group 9f…
    """
    from interlock.bootstrap import open_ledger, open_poster
    from interlock_cli.actions.replay import LIST_COMMAND, publish_replays, select_dead_letters

    if (dead_letter_id is None) == (group is None) or (edit and group):
        raise CommandError("name one dead letter, or one --group without --edit", LIST_COMMAND, code=ExitCode.USAGE)
    opened = open_ledger(ledger)
    plans = _plans(select_dead_letters(opened, dead_letter_id, group), opened, routes, edit=edit)
    good = [plan for plan in plans if plan.forecast.is_good]
    if not as_json:
        print_result(None, (plan.line() for plan in plans), as_json=False)
    publishes = bool(good) and (yes or _confirms(len(good)))
    if publishes:
        publisher, why = open_poster(endpoint or None), _reason(reason, edit=edit)
        publish_replays(good, opened, publisher=publisher, topic=topic, by=requester(by), reason=why)
    print_status(f"{len(good)} of {len(plans)} replayed" if publishes else _not_published(len(good)))
    if as_json:
        documents = [{**plan.as_document(), "published": publishes and plan in good} for plan in plans]
        print_result(documents, (), as_json=True)
    return ExitCode.SUCCESS if len(good) == len(plans) else ExitCode.REJECTED


def _plans(
    found: "Sequence[StoredDeadLetter]", ledger: "LedgerReader", routes: str, *, edit: bool
) -> "list[ReplayPlan]":
    from interlock.bootstrap import load_routes, utc_now
    from interlock.domain.requests.parser import RequestParser
    from interlock.domain.requests.schema_validation import SchemaValidator
    from interlock.schema_files import load_schema
    from interlock_cli.actions.replay import plan_replay

    parser = RequestParser(SchemaValidator.of(load_schema("release-request.v1")), load_routes(routes))
    edited = _edited(found[0].letter.data) if edit else None
    return [plan_replay(one, ledger, parser=parser, now=utc_now(), edited=edited) for one in found]


def _edited(data: bytes) -> bytes:
    from interlock_cli.actions.editor import edit_message

    return edit_message(data)


def _reason(reason: str | None, *, edit: bool) -> str | None:
    return " ".join(part for part in (reason, "(edited)" if edit else None) if part) or None


def _confirms(count: int) -> bool:
    return sys.stdin.isatty() and typer.confirm(f"replay {count}?", err=True)


def _not_published(good: int) -> str:
    return "a dry run: nothing was sent; add --yes to replay" if good else "nothing to replay: it would fail again"
