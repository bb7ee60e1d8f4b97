"""Calls: what each event costs at Google by its outcome, exactly, and what a release costs over its whole life."""

from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.cold import FUNCTIONS
from bench.events import Request, a_dead_letter, a_release, a_tick, completion, push
from bench.processes import Function, Google, environment, function
from bench.results import Findings, Table, Target

METHODS = ("BatchGetDocuments", "RunQuery", "Commit", "RunJob", "Publish", "GetObject", "ListObjects", "InsertObject")
EVENTS: Mapping[str, tuple[int, str]] = {
    "request: started": (
        6,
        "the claim's commit (a crash would start the job twice); the note (all would be published twice)",
    ),
    "request: queued": (4, "the note of what was sent, as above"),
    "request: delivered again": (1, "none"),
    "request: rejected": (5, "the read (a message that comes again would be told again); the note, as above"),
    "cancel: of one that waits": (
        5,
        "the lane's own read (the release's record alone names its lane); the note, as above",
    ),
    "resume: started": (7, "the lane's own read, the claim's commit, the note, as above"),
    "completion: closed": (8, "the owner's read (a stray execution could close it); the list (results are one a task)"),
    "completion: closed, the next woken": (9, "the `resume` (it is dispatch alone that may start jobs)"),
    "completion: delivered again": (5, "all but one read (the agent's files are read first, so that one step decides)"),
    "completion: of no known release": (4, "the agent's files, as above"),
    "dead letter: of a new incident": (
        6,
        "the commit of the letter (it is kept before anything else); the note, as above",
    ),
    "dead letter: of a known incident": (6, "as above"),
    "tick: nothing due": (1, "none"),
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


def measure(side: Google, folder: Path) -> Findings:
    """Send each event once, after one that makes the connections."""
    settings = environment(side, folder)
    with ExitStack() as ends:
        functions = {name: ends.enter_context(function(name, settings)) for name in FUNCTIONS}
        for one in functions.values():
            one.first_answer(push({"cancel": "nobody"}) if one.name == "dispatch_release" else _first(one.name))
        found = _events(Installation(side, functions))
    return _findings(found)


def _first(name: str) -> Request:
    return {"report_status": completion("nobody"), "alert_dead_letter": a_dead_letter()}.get(name, a_tick())


def _events(here: Installation) -> Mapping[str, Counter[str]]:
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


def _findings(found: Mapping[str, Counter[str]]) -> Findings:
    header = (
        "event: outcome",
        "calls",
        "at most",
        "which",
        "documents read",
        "written",
        "which could go, and why they stay",
    )
    rows = [(name, *_row(found[name], most), why) for name, (most, why) in EVENTS.items()]
    lives = {name: sum((found[one] for one in parts), Counter[str]()) for name, (_, parts) in LIVES.items()}
    life_rows = [(name, *_row(lives[name], most), " + ".join(parts)) for name, (most, parts) in LIVES.items()]
    bounds = {name: most for name, (most, _) in (*EVENTS.items(), *LIVES.items())}
    targets = [
        Target(f"calls of a {name}", float(_total(cost)), bounds[name], str(_total(cost)))
        for name, cost in (*found.items(), *lives.items())
    ]
    tables = [
        Table("Calls per event", "Counted, not timed: what one event costs once its function is warm.", header, rows),
        Table(
            "Calls per release",
            "Over its whole life, of all functions together.",
            ("life", *header[1:-1], "events"),
            life_rows,
        ),
    ]
    return Findings(tables, targets, raw={name: dict(cost) for name, cost in found.items()})


def _row(cost: Counter[str], most: int) -> tuple[str, ...]:
    which = ", ".join(f"{cost[method]} {method}" for method in METHODS if cost[method])
    return str(_total(cost)), str(most), which, str(cost["read"]), str(cost["written"])


def _total(cost: Counter[str]) -> int:
    return sum(cost[method] for method in METHODS)
