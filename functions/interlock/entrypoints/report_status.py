"""report_status: turns a job's completion entry into the release's closing status event and frees its lane."""

import os
from dataclasses import dataclass
from functools import cache

import flask

from interlock.bootstrap import open_completion_service, open_ledger, open_publisher
from interlock.config import ReportSettings
from interlock.domain.executions.completion import NotACompletion, read_completion
from interlock.domain.requests.delivery import Unreadable, log_entry
from interlock.entrypoints.http import Ack, Answer, Delivery, Reply, answer
from interlock.ledger.interface import Ledger
from interlock.ports import Publisher
from interlock.services.completion_service import CompletionService


@dataclass(frozen=True, slots=True)
class Reporter:
    """Reports what became of executions that bear a release."""

    completions: CompletionService

    def handle(self, delivery: Delivery) -> Reply:
        """Deal with one delivery; all that is no completion of ours is acknowledged and ignored."""
        entry = log_entry(delivery)
        if isinstance(entry, Unreadable):
            return Ack(f"not a log entry: {entry.reason}")
        ended = read_completion(entry)
        if isinstance(ended, NotACompletion):
            return Ack(f"not a completion: {ended.reason}")
        self.completions.close(ended)
        return Ack()


def build(settings: ReportSettings, *, ledger: Ledger, publisher: Publisher) -> Reporter:
    """Put the function together from its settings and its ports."""
    return Reporter(open_completion_service(settings, ledger, publisher))


@cache
def get_app() -> Reporter:
    """Return the function over its real ports, which connect when they are first used."""
    settings = ReportSettings.read(os.environ)
    return build(settings, ledger=open_ledger(settings.ledger), publisher=open_publisher(settings.pubsub_endpoint))


def report_status(request: flask.Request) -> Answer:
    """Answer one audit-log event or one push of the log sink's topic."""
    return answer(request, "report_status", get_app().handle)
