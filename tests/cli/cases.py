"""The commands whose output and exit code the golden files hold; each runs against the seeded ledger.

A golden file is named after its case.
"""

from dataclasses import dataclass

GONE = "dl-2aed1e8aed742bdc22a99af7"
STUCK = "dl-079e62186bd712d3f0c08a0d"
LOST = "dl-5090de846dd9f64f56d8a77a"
LOST_GROUP = "aa1e8f0f28b39ae5"


@dataclass(frozen=True, slots=True)
class Case:
    """One command line, and the text on its standard input."""

    name: str
    line: str
    stdin: str = ""
    publishes: bool = False


CASES = (
    Case("validate-good", "validate request.json request.yaml"),
    Case("validate-bad", "validate bad.json bad.yaml broken.json"),
    Case("validate-stdin", "validate -", stdin='{"cancel": 7}'),
    Case("validate-stdin-yaml", "validate -", stdin="target_env: staging\ntask: 7\n"),
    Case("publish-bad", "publish bad.json"),
    Case("publish", "publish request.json --set release_version=1.2.5 --set params.SIZE:=3", publishes=True),
    Case("publish-stdin", "publish -", stdin='{"cancel": "web-3", "reason": "wrong version"}', publishes=True),
    Case("publish-time-is-up", "publish request.json --wait --timeout 0.1s", publishes=True),
    Case("wait-succeeded", "wait web-1"),
    Case("wait-failed", "wait web-2"),
    Case("wait-cancelled", "wait web-5"),
    Case("wait-superseded", "wait shop-2"),
    Case("wait-rejected", "wait broken-1"),
    Case("wait-expired", "wait late-1"),
    Case("wait-errored", "wait gone-1"),
    Case("wait-dead-lettered", "wait stuck-1"),
    Case("wait-time-is-up", "wait web-4 --timeout 0.1s"),
    Case("watch", "watch --timeout 0.1s --every 0.2"),
    Case("logs", "logs web-3"),
    Case("logs-none", "logs web-4"),
    Case("releases-list", "releases list"),
    Case("releases-list-some", "releases list --lane staging/web --env staging --state closed --since 9999d --limit 2"),
    Case("releases-list-none", "releases list --since 1h"),
    Case("releases-show-started", "releases show web-3"),
    Case("releases-show-nobody", "releases show nobody"),
    Case("releases-cancel", "releases cancel web-3 --reason 'wrong version' --by ann", publishes=True),
    Case("lanes-list", "lanes list"),
    Case("lanes-list-all", "lanes list --all"),
    Case("lanes-show", "lanes show staging/web"),
    Case("lanes-show-none", "lanes show staging/none"),
    Case("dead-letters-list", "dead-letters list"),
    Case("dead-letters-list-all", "dead-letters list --all --limit 2"),
    Case("dead-letters-list-groups", "dead-letters list --group"),
    Case("dead-letters-show", f"dead-letters show {STUCK}"),
    Case("dead-letters-show-raw", f"dead-letters show {STUCK} --raw"),
    Case("dead-letters-replay-dry", f"dead-letters replay {GONE}"),
    Case("dead-letters-replay-hopeless", f"dead-letters replay --group {LOST_GROUP} --yes"),
    Case("dead-letters-replay", f"dead-letters replay {STUCK} --yes --by ann --reason mended", publishes=True),
    Case("dead-letters-discard", f"dead-letters discard {LOST} --reason 'sent by mistake' --by ann"),
    Case("dead-letters-discard-none", "dead-letters discard dl-none --reason x"),
    Case("routes-check", "routes check routes.json"),
    Case("routes-check-faults", "routes check faulty-routes.json"),
    Case("routes-check-broken", "routes check broken-routes.json"),
    Case("routes-explain", "routes explain routes.json request.json"),
    Case("routes-explain-none", "routes explain routes.json moon.yaml"),
    Case("local-env-none", "local env --state nowhere"),
    Case("local-down-none", "local down --state nowhere"),
    Case("doctor", "doctor", publishes=True),
    Case("usage-unknown-flag", "wait web-1 --nonsense"),
    Case("usage-no-ledger", "wait web-1 --ledger nonsense"),
    Case("error-no-credentials", "--project acme releases list"),
    Case("usage-two-installations", "--local --project acme releases list"),
)
