"""What a route demands beyond the form: trusted sources, digests, a script that can be found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.requests.request import ReleaseRequest
from interlock.domain.requests.routes import Route, with_defaults
from interlock.domain.requests.source_policy import is_admitted, policy_violations
from tests.source_examples import ADMITTED, NOT_ADMITTED
from tests.unit.request_builders import a_release, a_task

SHA = "ab" * 32


def a_route(**keys: object) -> Route:
    return Route(name="all", job="projects/p/locations/l/jobs/j", **keys)  # type: ignore[arg-type]


def broken(route: Route, request: ReleaseRequest) -> list[str]:
    return [f"{one.pointer} {one.rule}" for one in policy_violations(route, request)]


@pytest.mark.parametrize(("uri", "prefix"), ADMITTED)
def test_a_source_under_the_prefix_is_admitted(uri: str, prefix: str) -> None:
    assert is_admitted(uri, prefix)


@pytest.mark.parametrize(("uri", "prefix"), NOT_ADMITTED)
def test_a_source_that_only_looks_like_the_prefix_is_refused(uri: str, prefix: str) -> None:
    assert not is_admitted(uri, prefix)


@given(st.text(), st.sampled_from(["gs://b/x/", "https://a.b", "file:///srv"]))
def test_no_source_raises(text: str, prefix: str) -> None:
    is_admitted(text, prefix)
    is_admitted(prefix + text, prefix)


def test_a_route_that_names_no_sources_trusts_buckets_only() -> None:
    assert broken(a_route(), a_release()) == []
    assert broken(a_route(), a_release(artifact_path="https://a.b/x.zip")) == ["/artifact_path allowed_sources"]


def test_a_route_with_an_empty_list_trusts_no_source() -> None:
    (violation,) = policy_violations(a_route(allowed_sources=()), a_release())
    assert violation.expected == "a source under none: the route trusts no source"


def test_artifact_script_and_manifest_are_all_held_against_the_sources() -> None:
    request = a_release(
        artifact_path="https://a.b/x.zip",
        deployment_script="https://a.b/x.sh",
        manifest_path="https://a.b/m.json",
        task_count=2,
    )
    keys = ("artifact_path", "deployment_script", "manifest_path")
    assert broken(a_route(), request) == [f"/{key} allowed_sources" for key in keys]
    assert broken(a_route(allowed_sources=("gs://", "https://a.b/")), request) == []


def test_a_refused_source_is_told_with_what_is_allowed_and_without_its_credentials() -> None:
    request = a_release(artifact_path="https://a.b/x.zip?token=hunter2hunter2")
    (violation,) = policy_violations(a_route(allowed_sources=("gs://b/", "https://c.d")), request)
    assert violation.expected == "a source under gs://b/, https://c.d"
    assert violation.found == "https://a.b/x.zip?token=[redacted]"


def test_a_required_digest_covers_all_that_is_fetched() -> None:
    route = a_route(require_digest=True)
    assert broken(route, a_release()) == ["/artifact_sha256 require_digest"]
    assert broken(route, a_release(artifact_sha256=SHA)) == []
    fetched = a_release(artifact_sha256=SHA, deployment_script="gs://b/x.sh")
    assert broken(route, fetched) == ["/script_sha256 require_digest"]
    sharded = a_release(artifact_sha256=SHA, manifest_path="gs://b/m.json", task_count=2)
    assert broken(route, sharded) == ["/manifest_sha256 require_digest"]


def test_a_task_without_a_script_is_refused() -> None:
    assert broken(a_route(), a_task()) == ["/deployment_script no_script"]


def test_a_task_with_its_routes_script_is_fine() -> None:
    route = a_route(defaults={"deployment_script": "gs://b/vacuum.sh"})
    assert broken(route, with_defaults(route, a_task())) == []


def test_a_path_needs_an_artifact_to_lie_in() -> None:
    route = a_route(defaults={"deployment_script": "vacuum.sh"})
    assert broken(route, with_defaults(route, a_task())) == ["/deployment_script no_artifact"]


def test_all_demands_are_told_at_once() -> None:
    route = a_route(require_digest=True, allowed_sources=("gs://b/x/",))
    request = a_release(deployment_script="https://a.b/x.sh")
    assert broken(route, request) == [
        "/artifact_path allowed_sources",
        "/artifact_sha256 require_digest",
        "/deployment_script allowed_sources",
        "/script_sha256 require_digest",
    ]
