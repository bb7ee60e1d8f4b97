"""Who may do what: every identity and every grant of a plan, nothing more and nothing less."""

import re
from collections.abc import Iterator

import pytest

from tests.deploy.generate import README
from tests.deploy.plans import EXAMPLES, Resource, grant_of, grants, resources

LEDGER = 'if resource.name == "projects/acme-release/databases/interlock"'
BUCKET = "bucket acme-release-interlock"


def functions() -> Iterator[str]:
    """Yield what the four functions and their callers may do, wherever Interlock is installed."""
    publishes = {
        "dispatch": ("release-status", "release-dead-letters"),
        "report": ("release-status", "release-requests"),
        "alert": ("release-status",),
        "reconcile": ("release-status", "release-requests"),
    }
    names = {"dispatch": "release", "report": "status", "alert": "dead-letter", "reconcile": "releases"}
    for who, topics in publishes.items():
        yield f"interlock-{who}@acme-release: datastore.user on project acme-release {LEDGER}"
        yield f"interlock-call-{who}@acme-release: run.invoker on function {who}-{names[who]}"
        yield from (f"interlock-{who}@acme-release: pubsub.publisher on topic {topic}" for topic in topics)
    for sealer in ("dispatch", "report", "reconcile"):
        yield f"interlock-{sealer}@acme-release: storage.objectCreator on {BUCKET}-results"
        yield f"interlock-{sealer}@acme-release: storage.objectViewer on {BUCKET}-results"


def platform() -> Iterator[str]:
    """Yield what Google's own agents and the build may do."""
    agent = "service-N@gcp-sa-pubsub"
    yield f"{agent}: pubsub.publisher on topic release-dead-letters"
    yield f"{agent}: pubsub.subscriber on subscription dispatch-release"
    yield f"{agent}: pubsub.subscriber on subscription report-status"
    yield f"interlock-build@acme-release: storage.objectViewer on {BUCKET}-source"
    yield "interlock-build@acme-release: artifactregistry.writer on repository interlock"
    yield "interlock-build@acme-release: logging.logWriter on project acme-release"


def eventarc() -> Iterator[str]:
    yield "interlock-eventarc@acme-release: eventarc.eventReceiver on project acme-release"
    yield "interlock-eventarc@acme-release: run.invoker on function report-status"


def environment(name: str, project: str) -> Iterator[str]:
    """Yield what an environment adds: its runtime's rights, and what others may do with its job."""
    runtime, job = f"interlock-run-{name}@{project}", f"job {project}/release-agent-{name}"
    yield f"{runtime}: storage.objectViewer on {BUCKET}-artifacts"
    yield f"{runtime}: storage.objectCreator on {BUCKET}-results"
    yield f"{runtime}: storage.objectViewer on {BUCKET}-results"
    yield f"interlock-dispatch@acme-release: run.jobsExecutorWithOverrides on {job}"
    yield f"interlock-dispatch@acme-release: run.viewer on {job}"
    yield f"interlock-reconcile@acme-release: run.viewer on {job}"
    if project != "acme-release":
        yield "service-N@serverless-robot-prod: artifactregistry.reader on repository interlock"


def sink(project: str) -> str:
    return f'writer of google_pubsub_topic_iam_member.sink["{project}"]: pubsub.publisher on topic release-completions'


def ci(member: str, *, waits: bool) -> Iterator[str]:
    yield f"{member}: pubsub.publisher on topic release-requests"
    if waits:
        yield f"{member}: datastore.viewer on project acme-release {LEDGER}"


def test_one_environment_grants_exactly_the_table() -> None:
    assert grants("one-environment") == {
        *functions(),
        *platform(),
        *eventarc(),
        *environment("staging", "acme-release"),
        *ci("ci@acme-build", waits=True),
        sink("acme-release"),
    }


def test_three_projects_grant_exactly_the_table_each_where_its_environment_is() -> None:
    pool = "iam.googleapis.com/projects/N/locations/global/workloadIdentityPools/interlock-ci"
    projects = {name: f"acme-{name}" for name in ("development", "staging", "production")}
    assert grants("three-projects") == {
        *functions(),
        *platform(),
        *eventarc(),
        *(line for name, project in projects.items() for line in environment(name, project)),
        *ci(f"principalSet://{pool}/attribute.repository/acme/app", waits=True),
        *map(sink, projects.values()),
        "interlock-run-production@acme-production: secretmanager.secretAccessor on secret acme-production/deploy-token",
    }


def test_a_private_network_grants_exactly_the_table_without_eventarc() -> None:
    assert grants("private-nexus") == {
        *functions(),
        *platform(),
        *environment("production", "acme-release"),
        *ci("ci@acme-build", waits=False),
        sink("acme-release"),
        "interlock-run-production@acme-release: secretmanager.secretAccessor on secret acme-release/nexus-netrc",
    }


@pytest.mark.parametrize("example", EXAMPLES)
def test_no_grant_names_the_public_or_a_broad_role(example: str) -> None:
    broad = re.compile(
        r"allUsers|allAuthenticatedUsers|: (owner|editor|viewer|.*[aA]dmin|.*serviceAccount(User|Token.*)) "
    )
    assert [grant for grant in grants(example) if broad.search(grant)] == []


def test_a_kind_of_grant_that_the_table_cannot_read_fails() -> None:
    values = {"role": "roles/editor", "project": "acme-release", "members": ["allUsers"], "condition": []}
    with pytest.raises(KeyError):
        grant_of(Resource("google_project_iam_binding.all", "google_project_iam_binding", values, {}))


@pytest.mark.parametrize("example", EXAMPLES)
def test_nobody_holds_a_key(example: str) -> None:
    assert resources(example, "google_service_account_key") == []


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_function_has_an_identity_of_its_own(example: str) -> None:
    accounts = [one.values["account_id"] for one in resources(example, "google_service_account")]
    assert len(accounts) == len(set(accounts))
    assert {"interlock-dispatch", "interlock-report", "interlock-alert", "interlock-reconcile"} <= set(accounts)


WORDS = {
    "pubsub.publisher on topic release-status": "publish on status",
    "pubsub.publisher on topic release-requests": "requests",
    "pubsub.publisher on topic release-dead-letters": "dead letters",
    "datastore.user": "ledger",
    "storage.objectViewer on bucket acme-release-interlock-results": "read",
    "storage.objectCreator on bucket acme-release-interlock-results": "create results",
    "run.jobsExecutorWithOverrides": "start",
    "run.viewer": "look at each routed job",
}
"""A grant to a function as the page says it."""


@pytest.mark.parametrize("who", ["dispatch", "report", "alert", "reconcile"])
def test_the_page_gives_each_function_the_grants_that_it_has(who: str) -> None:
    (row,) = re.findall(rf"(?m)^\| `interlock-{who}` \| (.*) \|$", README.read_text())
    held = [line for line in grants("one-environment") if line.startswith(f"interlock-{who}@")]
    told = {words for grant, words in WORDS.items() if any(f": {grant}" in line for line in held)}
    assert told == {words for words in WORDS.values() if re.search(rf"\b{words}\b", row)}
