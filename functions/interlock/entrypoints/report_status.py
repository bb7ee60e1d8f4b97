"""report_status: turns a job's completion entry into the release's closing status event and frees its lane."""

import os
from dataclasses import dataclass
from functools import cache

import flask

from interlock.bootstrap import open_closer, open_ledger, open_publisher
from interlock.config import ReportSettings
from interlock.domain.executions.completion import Completion, NotACompletion, read_completion
from interlock.domain.releases.model import Result, State
from interlock.domain.requests.delivery import Unreadable, log_entry
from interlock.entrypoints.http import Ack, Answer, Delivery, Reply, answer
from interlock.ledger.interface import Ledger
from interlock.ports import Journal, Publisher
from interlock.services.completion_service import CompletionService, Ended


@dataclass(frozen=True, slots=True)
class Reporter:
    """Reports what became of executions that bear a release."""

    closer: CompletionService

    def handle(self, delivery: Delivery, journal: Journal) -> Reply:
        """Deal with one delivery; all that is no completion of ours is acknowledged and ignored."""
        entry = log_entry(delivery)
        if isinstance(entry, Unreadable):
            return Ack(f"not a log entry: {entry.reason}")
        completion = read_completion(entry)
        if isinstance(completion, NotACompletion):
            return Ack(f"not a completion: {completion.reason}")
        if completion.release_id is None or completion.attempt is None:
            return Ack("an execution without a release")
        self.closer.close(_ended(completion, completion.release_id, completion.attempt), journal)
        return Ack()


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


def build(settings: ReportSettings, *, ledger: Ledger, publisher: Publisher) -> Reporter:
    """Put the function together from its settings and its ports."""
    return Reporter(open_closer(settings, ledger, publisher))


@cache
def get_app() -> Reporter:
    """Return the function over its real ports, which connect when they are first used."""
    settings = ReportSettings.read(os.environ)
    return build(settings, ledger=open_ledger(settings.ledger), publisher=open_publisher(settings.pubsub_endpoint))


def report_status(request: flask.Request) -> Answer:
    """Answer one audit-log event or one push of the log sink's topic."""
    return answer(request, "report_status", get_app().handle)
