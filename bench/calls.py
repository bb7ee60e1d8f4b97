"""What each event costs at Google by its outcome, in calls, and a release over its life; `python -m bench.calls`."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.cold import FUNCTIONS
from bench.events import Request, a_dead_letter, a_release, a_tick, completion, push
from bench.page import rows
from bench.processes import ROOT, Function, Google, environment, function, google
from bench.results import Findings, Table, Target

PAGE = ROOT / "docs" / "performance-calls.md"
HEAD = """# Calls

What each event costs at Google once its function is warm: counted, not timed. `python -m bench.calls` writes this page,
and `tests/performance/test_calls_per_event.py` holds it to what the functions do.
No event may make more calls than `at most`. What an event could do without is named, and below the table why it stays.
"""
METHODS = ("BatchGetDocuments", "RunQuery", "Commit", "RunJob", "Publish", "GetObject", "ListObjects", "InsertObject")
COULD_GO: Mapping[str, str] = {
    "note": "The last commit, which notes in the record what was published: the next event would publish it again.",
    "claim": "The first commit of a start, before RunJob: after a crash in between, the job would be started twice.",
    "lane": "The second read: only the release's record names its lane, and both change in one commit.",
    "first": "The read of a message that breaks the contract: one that comes again would be answered again.",
    "files": "What the agent left in the bucket: the owner's file keeps a stray execution from closing it, the "
    "list finds the result of every task. It is read before the ledger, so that one decision closes a release.",
    "resume": "The second publish: dispatch alone starts jobs, so a lane that falls free is a message to it.",
    "letter": "The first commit: a dead letter is kept before anything is tried that may fail.",
}
"""Calls that an event could do without, and why it makes them."""

EVENTS: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "request: started": (6, ("claim", "note")),
    "request: queued": (4, ("note",)),
    "request: delivered again": (1, ()),
    "request: rejected": (5, ("first", "note")),
    "cancel: of one that waits": (5, ("lane", "note")),
    "resume: started": (7, ("lane", "claim", "note")),
    "completion: closed": (8, ("files", "lane", "note")),
    "completion: closed, the next woken": (9, ("files", "lane", "resume", "note")),
    "completion: delivered again": (5, ("files", "lane")),
    "completion: of no known release": (4, ("files",)),
    "dead letter: of a new incident": (6, ("letter", "note")),
    "dead letter: of a known incident": (6, ("letter", "note")),
    "tick: nothing due": (1, ()),
}
"""How many calls each event may make, as many as before the official clients made them; and which of them could go."""

LIVES: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "release that runs at once": (14, ("request: started", "completion: closed")),
    "release that waits for its lane": (19, ("request: queued", "resume: started", "completion: closed")),
    "release that is cancelled while it waits": (9, ("request: queued", "cancel: of one that waits")),
    "request that is rejected": (5, ("request: rejected",)),
}


@dataclass(frozen=True)
class Installation:
    """The functions under their framework, and Google's side, which counts."""

    side: Google
    functions: Mapping[str, Function]

    def cost(self, name: str, request: Request) -> Counter[str]:
        """Return the calls that this one event was answered with."""
        before = Counter(self.side.counts())
        if (status := self.functions[name].send(request)) >= 300:
            raise RuntimeError(f"{name} answered {status}")
        return Counter(self.side.counts()) - before

    def dispatch(self, request: Mapping[str, object]) -> Counter[str]:
        """Return the calls of a request."""
        return self.cost("dispatch_release", push(request))

    def report(self, release: Mapping[str, str]) -> Counter[str]:
        """Return the calls of the release's completion."""
        return self.cost("report_status", completion(release["release_id"]))


@contextmanager
def installation(side: Google, folder: Path) -> Iterator[Installation]:
    """Run the functions until the block ends; each has answered an event, which made its connections."""
    settings = environment(side, folder)
    with ExitStack() as ends:
        functions = {name: ends.enter_context(function(name, settings)) for name in FUNCTIONS}
        for one in functions.values():
            one.first_answer(push({"cancel": "nobody"}) if one.name == "dispatch_release" else _first(one.name))
        yield Installation(side, functions)


def measure(side: Google, folder: Path) -> Findings:
    """Hold each event, and each release's life, to how many calls it may make."""
    with installation(side, folder) as here:
        found = events(here)
    lives = _lives(found)
    bounds = {name: most for name, (most, _) in (*EVENTS.items(), *LIVES.items())}
    targets = [
        Target(f"calls of a {name}", float(_total(cost)), bounds[name], str(_total(cost)))
        for name, cost in (*found.items(), *lives.items())
    ]
    return Findings([], targets, raw={name: dict(cost) for name, cost in found.items()})


def _first(name: str) -> Request:
    return {"report_status": completion("nobody"), "alert_dead_letter": a_dead_letter()}.get(name, a_tick())


def events(here: Installation) -> Mapping[str, Counter[str]]:
    """Send each event once; return what it cost."""
    first, again = a_release(), push(a_release())
    waiting, cancelled = ({**a_release(), "service": first["service"]} for _ in range(2))
    subscription = f"dispatch-release-{first['service']}"
    here.side.reset()
    return {
        "tick: nothing due": here.cost("reconcile_releases", a_tick()),
        "request: started": here.dispatch(first),
        "request: queued": here.dispatch(waiting),
        "cancel: of one that waits": _cancelled(here, cancelled),
        "completion: closed, the next woken": here.report(first),
        "resume: started": here.dispatch({"resume": waiting["release_id"]}),
        "completion: closed": here.report(waiting),
        "completion: delivered again": here.report(waiting),
        "completion: of no known release": here.cost("report_status", completion("nobody")),
        "request: rejected": here.dispatch({**a_release(), "service": 7}),
        "request: delivered again": _second(here, "dispatch_release", again, again),
        "dead letter: of a new incident": here.cost("alert_dead_letter", a_dead_letter(subscription)),
        "dead letter: of a known incident": here.cost("alert_dead_letter", a_dead_letter(subscription)),
    }


def _cancelled(here: Installation, release: Mapping[str, object]) -> Counter[str]:
    here.dispatch(release)
    return here.dispatch({"cancel": release["release_id"]})


def _second(here: Installation, name: str, first: Request, second: Request) -> Counter[str]:
    here.cost(name, first)
    return here.cost(name, second)


def page(found: Mapping[str, Counter[str]]) -> str:
    """Return the page that tells what each event and each life costs, and which calls could go."""
    cost = ("calls", "at most", "which", "records read", "written", "messages published")
    lives = _lives(found)
    per_event = [(name, *_row(found[name], most), ", ".join(which)) for name, (most, which) in EVENTS.items()]
    per_life = [(name, *_row(lives[name], most), " + ".join(parts)) for name, (most, parts) in LIVES.items()]
    return "\n".join(
        (
            HEAD,
            *rows(Table("", "", ("event: outcome", *cost, "could go"), per_event)),
            *("", *(f"- *{which}*: {why}" for which, why in COULD_GO.items())),
            *("", "Over a release's whole life, of all functions together:", ""),
            *rows(Table("", "", ("life", *cost, "its events"), per_life)),
            "",
        )
    )


def _lives(found: Mapping[str, Counter[str]]) -> Mapping[str, Counter[str]]:
    return {name: sum((found[one] for one in parts), Counter[str]()) for name, (_, parts) in LIVES.items()}


def _row(cost: Counter[str], most: int) -> tuple[str, ...]:
    which = ", ".join(f"{cost[method]} {method}" for method in METHODS if cost[method])
    return str(_total(cost)), str(most), which, *(str(cost[name]) for name in ("read", "written", "published"))


def _total(cost: Counter[str]) -> int:
    return sum(cost[method] for method in METHODS)


if __name__ == "__main__":
    with google() as side, TemporaryDirectory() as folder, installation(side, Path(folder)) as here:
        PAGE.write_text(page(events(here)))
