"""A report names the rules that the plain validator finds broken, in examples and in what grows from them."""

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.domain.requests.json_body import BodyError, escaped, parse_body
from interlock.schema_files import load_schema
from tests.unit.contract_examples import REQUESTS, ROUTES, example_files, valid_documents

REFERENCE = {
    "release-request": jsonschema.Draft202012Validator(load_schema("release-request.v1")),
    "routes": jsonschema.Draft202012Validator(load_schema("routes.v1")),
}
CONTRACTS = {"release-request": REQUESTS, "routes": ROUTES}
KEYS = sorted({key for kind in ("release", "maintenance", "cancel", "resume") for key in
               load_schema("release-request.v1")["$defs"][kind]["properties"]})  # fmt: skip
PRINTABLE_KEYS = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=5)
PATTERNS = sorted(
    value["pattern"] for value in load_schema("release-request.v1")["$defs"].values() if "pattern" in value
)
TEXTS = (
    st.sampled_from(PATTERNS).flatmap(st.from_regex)
    | st.text(max_size=8)
    | st.sampled_from(["", "a\n", "a" * 64, "a" * 129, "gs://aaa/b/../c", "file:///a", "..", "*", "é", "\x00"])
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["A_1", "a", "é", "AB"]), inner),
    max_leaves=4,
)


def rules_of_reference(kind: str, document: object) -> set[tuple[str, str]]:
    found = set()
    for error in REFERENCE[kind].iter_errors(document):
        pointer = "".join(f"/{escaped(str(step))}" for step in error.absolute_path)
        if error.validator == "additionalProperties":
            known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
            patterns = error.schema.get("patternProperties", {}) if isinstance(error.schema, dict) else {}
            found |= {(f"{pointer}/{escaped(key)}", "additionalProperties") for key in error.instance
                      if key not in known and not any(_matches(one, key) for one in patterns)}  # fmt: skip
        else:
            found.add((pointer, str(error.validator)))
    return found


def _matches(pattern: str, key: str) -> bool:
    return jsonschema.Draft202012Validator({"pattern": pattern}).is_valid(key)


def assert_agreement(kind: str, document: object) -> None:
    found = {(one.pointer, one.rule) for one in CONTRACTS[kind].violations(document)}
    assert found == rules_of_reference(kind, document)


@st.composite
def mutated_requests(draw: st.DrawFn) -> dict[str, Any]:
    document = dict(draw(st.sampled_from(valid_documents("release-request"))))
    for _ in range(draw(st.integers(1, 4))):
        key = draw(st.sampled_from(KEYS) | st.sampled_from(sorted(document) or KEYS) | PRINTABLE_KEYS)
        if draw(st.booleans()):
            document.pop(key, None)
        else:
            document[key] = draw(VALUES)
    return document


@st.composite
def mutated_routes(draw: st.DrawFn) -> dict[str, Any]:
    document: dict[str, Any] = draw(st.sampled_from(valid_documents("routes")))
    properties = sorted(load_schema("routes.v1")["$defs"]["route"]["properties"])
    changed = dict(document["routes"][0])
    for key in draw(st.lists(st.sampled_from(properties), min_size=1, max_size=3)):
        changed[key] = draw(VALUES)
    return {"routes": [changed]}


@pytest.mark.parametrize("kind", ["release-request", "routes"])
@pytest.mark.parametrize("verdict", ["valid", "invalid"])
def test_the_same_rules_are_broken_in_every_example(verdict: str, kind: str) -> None:
    for path in example_files(verdict, kind):
        document = parse_body(path.read_bytes())
        if not isinstance(document, BodyError):
            assert_agreement(kind, document)


@settings(max_examples=400, deadline=None)
@given(mutated_requests())
def test_the_same_rules_are_broken_in_changed_requests(document: dict[str, Any]) -> None:
    assert_agreement("release-request", document)


@settings(max_examples=150, deadline=None)
@given(mutated_routes())
def test_the_same_rules_are_broken_in_changed_routes(document: dict[str, Any]) -> None:
    assert_agreement("routes", document)
