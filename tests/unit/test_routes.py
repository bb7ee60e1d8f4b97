"""The first route that matches decides: job, lane, terms, and what fills the gaps."""

import string

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from interlock.domain.requests.request import ReleaseRequest
from interlock.domain.requests.routes import (
    LaneMode,
    Rerun,
    Route,
    capacity,
    lane_key,
    match_route,
    parse_routes,
    with_defaults,
)
from tests.unit.contract_examples import ROUTES, valid_documents
from tests.unit.request_builders import MINIMAL, a_release, a_task

JOB = "projects/my-project/locations/europe-west1/jobs/release-agent"
TARGET_KEYS = ("target_env", "service", "deployment_type", "task")


def a_route(**keys: object) -> Route:
    document = {"routes": [{"name": "all", "job": JOB, **keys}]}
    assert ROUTES.violations(document) == ()
    (route,) = parse_routes(document)
    return route


def takes(match: dict[str, object], request: ReleaseRequest) -> bool:
    return match_route((a_route(match=match),), request) is not None


def test_a_route_takes_the_defaults_of_the_contract() -> None:
    route = a_route()
    assert (route.lane, route.lane_mode, route.rerun) == (
        "{target_env}/{service}",
        LaneMode.FIFO,
        Rerun.FAILED_ONLY,
    )
    assert (route.max_queue, route.timeout_seconds, route.require_digest) == (100, None, False)
    assert route.allowed_sources == ("gs://",)


def test_a_route_keeps_what_it_says() -> None:
    route = a_route(
        lane_mode="parallel", max_parallel=4.0, rerun="never", timeout_seconds=60, max_queue=0, allowed_sources=[]
    )
    assert (route.lane_mode, route.rerun, route.max_queue) == (LaneMode.PARALLEL, Rerun.NEVER, 0)
    assert repr((route.max_parallel, route.timeout_seconds, route.allowed_sources)) == "(4, 60, ())"


@pytest.mark.parametrize("document", valid_documents("routes"))
def test_every_valid_example_becomes_routes(document: dict[str, object]) -> None:
    assert parse_routes(document)


def test_the_first_match_wins() -> None:
    routes = tuple(
        a_route(name=name, match={"target_env": wanted})
        for name, wanted in (("prod", "prod"), ("first", "*"), ("second", "*"))
    )
    assert match_route(routes, a_release()) == routes[1]
    assert match_route(routes, a_release(target_env="prod")) == routes[0]


def test_no_match_is_none() -> None:
    assert match_route((), a_release()) is None
    assert match_route((a_route(match={"target_env": "prod"}),), a_release()) is None


def test_a_list_matches_any_of_its_values() -> None:
    assert takes({"target_env": ["prod", "staging"]}, a_release())
    assert not takes({"target_env": ["prod", "test"]}, a_release())


def test_every_key_of_a_match_must_hold() -> None:
    assert not takes({"target_env": "staging", "service": "web"}, a_release())
    assert takes({"target_env": "staging", "service": "web"}, a_release(service="web"))


def test_a_value_given_by_default_matches() -> None:
    assert takes({"service": "default", "deployment_type": "script"}, a_release())


def test_an_absent_value_matches_only_anything() -> None:
    assert takes({"target_env": "*", "task": "vacuum"}, a_task())
    assert takes({"task": ["*", "x"]}, a_release())
    assert not takes({"target_env": "staging"}, a_task())
    assert not takes({"task": "vacuum"}, a_release())


def test_a_name_matches_as_a_whole_and_in_its_case() -> None:
    assert not takes({"target_env": "stag"}, a_release())
    assert not takes({"target_env": "Staging"}, a_release())


def test_defaults_fill_only_what_is_absent() -> None:
    route = a_route(defaults={"service": "web", "deployment_script": "other.sh", "timeout_seconds": 60.0})
    filled = with_defaults(route, a_release())
    assert (filled.service, filled.deployment_script) == ("web", "deploy_staging.sh")
    assert repr(filled.timeout_seconds) == "60"
    assert filled.document == {**MINIMAL, "service": "web", "timeout_seconds": 60}


def test_defaults_give_a_task_its_script_and_leave_it_a_task() -> None:
    route = a_route(defaults={"deployment_script": "gs://my-scripts/vacuum.sh", "script_args": ["--full"]})
    filled = with_defaults(route, a_task())
    assert (filled.kind, filled.deployment_script) == ("maintenance", "gs://my-scripts/vacuum.sh")
    assert filled.script_args == ("--full",)


def test_a_route_without_defaults_changes_nothing() -> None:
    assert with_defaults(a_route(), a_release()) == a_release()


def test_a_lane_is_named_by_its_target() -> None:
    assert lane_key(a_route(), a_release()) == "staging/default"
    assert lane_key(a_route(lane="db:{task}/{target_env}"), a_task(target_env="prod")) == "db:vacuum/prod"
    assert lane_key(a_route(lane="everything"), a_release()) == "everything"


def test_an_absent_value_has_a_form_that_no_value_has() -> None:
    assert lane_key(a_route(), a_task()) == "~/default"
    tilde = ReleaseRequest(kind="release", document={}, params={}, target_env="~")
    assert lane_key(a_route(), tilde) == "%7E/default"


VALUES = st.none() | st.text(max_size=6) | st.sampled_from(["~", "%7E", "a", "a/b", "a%2Fb", "{service}", ""])
TARGETS = st.fixed_dictionaries(dict.fromkeys(TARGET_KEYS, VALUES))
LITERALS = st.text(string.ascii_letters + "._-", max_size=3)


@st.composite
def lane_templates(draw: st.DrawFn) -> str:
    keys = draw(st.lists(st.sampled_from(TARGET_KEYS), min_size=1, max_size=4))
    border = draw(st.sampled_from("/:"))
    return border.join(f"{draw(LITERALS)}{{{key}}}{draw(LITERALS)}" for key in keys)


def a_target(target_env: str | None, service: str) -> dict[str, str | None]:
    return {"target_env": target_env, "service": service, "deployment_type": None, "task": None}


@given(lane_templates(), TARGETS, TARGETS)
@example("{target_env}/{service}", a_target("a/b", "c"), a_target("a", "b/c"))
@example("{target_env}/{service}", a_target(None, "c"), a_target("~", "c"))
@example("{target_env}/{service}", a_target("", "c"), a_target(None, "c"))
def test_two_targets_share_a_lane_only_by_being_equal(
    template: str, one: dict[str, str | None], other: dict[str, str | None]
) -> None:
    assume(one["service"] is not None and other["service"] is not None)
    named = [key for key in TARGET_KEYS if f"{{{key}}}" in template]
    lanes = [
        lane_key(a_route(lane=template), ReleaseRequest(kind="release", document={}, params={}, **target))  # type: ignore[arg-type]
        for target in (one, other)
    ]
    is_same_target = [one[key] for key in named] == [other[key] for key in named]
    assert (lanes[0] == lanes[1]) is is_same_target


def test_a_lane_holds_one_release_unless_it_is_parallel() -> None:
    assert [capacity(a_route(lane_mode=mode)) for mode in ("fifo", "newest", "reject")] == [1, 1, 1]
    assert capacity(a_route(lane_mode="parallel", max_parallel=4)) == 4
