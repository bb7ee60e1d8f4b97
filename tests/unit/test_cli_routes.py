"""routes check and routes explain: what is wrong with routes, and which one a request takes."""

import json
from pathlib import Path
from typing import Any

import pytest

from interlock.domain.requests.routes import parse_routes
from interlock_cli.documents.route_findings import route_findings
from interlock_cli.main import run

EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"
JOBS = "projects/acme/locations/europe-west1/jobs"


def a_route(name: str, match: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return {"name": name, "job": f"{JOBS}/{name}", "match": match or {}, **changes}


def found(*routes: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.kind, one.route) for one in route_findings(parse_routes({"routes": list(routes)}))]


def test_a_route_behind_one_that_takes_all_is_unreachable() -> None:
    assert found(a_route("all"), a_route("staging", {"target_env": "staging"})) == [("unreachable", "staging")]


def test_a_route_behind_several_that_together_take_all_is_unreachable() -> None:
    routes = [a_route(env, {"target_env": env}) for env in ("staging", "production")]
    both = a_route("both", {"target_env": ["staging", "production"]})
    assert ("unreachable", "both") in found(*routes, both)


def test_routes_apart_are_fine() -> None:
    assert (
        found(a_route("staging", {"target_env": "staging"}), a_route("production", {"target_env": "production"})) == []
    )


def test_an_overlap_is_a_note() -> None:
    routes = a_route("web", {"service": "web"}), a_route("staging", {"target_env": "staging"})
    assert found(*routes) == [("overlap", "web")]


def test_one_lane_on_two_terms_collides() -> None:
    staging = a_route("staging", {"target_env": "staging"}, lane="shared", lane_mode="newest")
    assert ("lane_collision", "rest") in found(staging, a_route("rest", lane="shared"))


@pytest.mark.parametrize("path", sorted((EXAMPLES / "valid" / "routes").iterdir()), ids=lambda path: path.stem)
def test_a_valid_example_has_no_fault(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["routes", "check", str(path)]) == 0, capsys.readouterr().out


def test_a_violation_is_reported_with_line_and_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "routes.json"
    file.write_text('{\n  "routes": [\n    {"name": "a", "job": 7}\n  ]\n}')
    assert run(["routes", "check", str(file)]) == 2
    assert f"{file}:3:19: type: expected string" in capsys.readouterr().err


@pytest.fixture
def routes(tmp_path: Path) -> str:
    file = tmp_path / "routes.json"
    production = a_route("production", {"target_env": ["production"]})
    file.write_text(json.dumps({"routes": [production, a_route("rest", {"target_env": "staging"})]}))
    return str(file)


def a_request(tmp_path: Path, **changes: str) -> str:
    request = json.loads((EXAMPLES / "valid" / "release-request" / "release-minimal.json").read_text())
    file = tmp_path / "release.json"
    file.write_text(json.dumps({**request, **changes}))
    return str(file)


def test_explain_prints_why_the_routes_before_did_not_match(
    routes: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["routes", "explain", routes, a_request(tmp_path, target_env="staging")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "passed  production: wants target_env production, has staging"
    assert lines[1] == "takes   rest"
    assert "  lane              staging/default" in lines


def test_explain_of_what_no_route_takes_is_a_rejection(
    routes: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["routes", "explain", routes, a_request(tmp_path, target_env="moon")]) == 2
    assert "no route takes it" in capsys.readouterr().out


def test_explain_prints_what_the_route_s_policy_rejects(
    routes: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    request = a_request(tmp_path, target_env="staging", artifact_path="https://elsewhere.example/a.zip")
    assert run(["routes", "explain", routes, request, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["route"]["violations"][0]["rule"] == "allowed_sources"
