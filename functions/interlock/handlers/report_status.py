"""report_status: turns a job's completion entry into the release's closing status event and frees its lane."""

import os
from dataclasses import dataclass
from functools import cache

import flask

from interlock.closer import Closer, Ended
from interlock.config import ReportSettings
from interlock.domain.completion import Completion, Ignored, read_completion
from interlock.domain.delivery import Unreadable, log_entry
from interlock.domain.release import Result, State
from interlock.edge import Answer, Delivery, Done, Verdict, answer
from interlock.ports import Journal, Ledger, Publisher
from interlock.wiring import open_closer, open_ledger, open_publisher


@dataclass(frozen=True, slots=True)
class Reporter:
    """Reports what became of executions that bear a release."""

    closer: Closer

    def handle(self, delivery: Delivery, journal: Journal) -> Verdict:
        """Deal with one delivery; all that is no completion of ours is acknowledged and ignored."""
        entry = log_entry(delivery)
        if isinstance(entry, Unreadable):
            return Done(f"not a log entry: {entry.reason}")
        completion = read_completion(entry)
        if isinstance(completion, Ignored):
            return Done(f"not a completion: {completion.reason}")
        if completion.release_id is None or completion.attempt is None:
            return Done("an execution without a release")
        self.closer.close(_ended(completion, completion.release_id, completion.attempt), journal)
        return Done()


def _ended(completion: Completion, release_id: str, attempt: int) -> Ended:
    return Ended(
        release_id=release_id,
        attempt=attempt,
        fence=completion.fence,
        execution=completion.execution,
        state=State(completion.outcome),
        result=Result(reason=completion.reason, detail=completion.detail, exit_code=completion.exit_code),
        log_uri=completion.log_uri,
    )


def compose(settings: ReportSettings, *, ledger: Ledger, publisher: Publisher) -> Reporter:
    """Put the function together from its settings and its ports."""
    return Reporter(open_closer(settings, ledger, publisher))


@cache
def composed() -> Reporter:
    """Return the function over its real ports, which connect when they are first used."""
    settings = ReportSettings.read(os.environ)
    return compose(settings, ledger=open_ledger(settings.ledger), publisher=open_publisher(settings.pubsub_endpoint))


def report_status(request: flask.Request) -> Answer:
    """Answer one audit-log event or one push of the log sink's topic."""
    return answer(request, "report_status", composed().handle)
