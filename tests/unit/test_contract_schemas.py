"""The schemas themselves: no text without bounds, no key without words, no pattern that readers take differently."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import pytest

from interlock.schema_files import load_schema
from tests.unit.contract_examples import REQUESTS

NAMES = ("release-request.v1", "routes.v1", "status-event.v1", "dead-letter-alert.v1")


def subschemas(schema: object, at: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(schema, Mapping):
        yield at, schema
        for key, value in schema.items():
            yield from subschemas(value, f"{at}/{key}")
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from subschemas(value, f"{at}/{index}")


def types_of(schema: Mapping[str, Any]) -> set[str]:
    found = schema.get("type", ())
    return {found} if isinstance(found, str) else set(found)


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_itself_valid_and_says_what_it_is(name: str) -> None:
    schema = load_schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"https://interlock.dev/schemas/{name}.json"
    assert schema["title"]
    assert schema["description"]


@pytest.mark.parametrize("name", NAMES)
def test_every_text_is_bounded_and_patterned(name: str) -> None:
    texts = [(at, one) for at, one in subschemas(load_schema(name)) if "string" in types_of(one)]
    assert texts
    assert [at for at, one in texts if not {"minLength", "maxLength", "pattern"} <= one.keys()] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_number_and_list_is_bounded(name: str) -> None:
    for at, one in subschemas(load_schema(name)):
        if types_of(one) & {"integer", "number"}:
            assert {"minimum", "maximum"} <= one.keys(), at
        if "array" in types_of(one):
            assert "maxItems" in one, at


@pytest.mark.parametrize("name", NAMES)
def test_every_property_says_what_it_means(name: str) -> None:
    for at, one in subschemas(load_schema(name)):
        is_condition = "/if/" in at or "/then/" in at
        if at.endswith(("/properties", "/patternProperties")) and not is_condition:
            assert [key for key, value in one.items() if not value.get("description")] == [], at


@pytest.mark.parametrize("name", NAMES[:2])
def test_every_object_refuses_unknown_keys(name: str) -> None:
    """The root of the request is the choice between four kinds, each of which refuses them; events may gain keys."""
    open_objects = [
        at
        for at, one in subschemas(load_schema(name))
        if "object" in types_of(one) and "if" not in one and one.get("additionalProperties") is not False
    ]
    assert open_objects == []
    assert all(REQUESTS.violations({kind: "x", "y": 1}) for kind in ("cancel", "resume", "task"))


@pytest.mark.parametrize("name", NAMES)
def test_no_pattern_means_different_things_to_different_readers(name: str) -> None:
    """Python's `$` lets a newline through, and the short classes hold other characters in each language."""
    for at, one in subschemas(load_schema(name)):
        pattern = one.get("pattern")
        if isinstance(pattern, str):
            assert pattern.startswith("^"), at
            assert pattern.endswith("$(?!\\n)") or pattern == "^[^\\x00]*$", at
            assert not re.search(r"\\[dDwWsSbB]", pattern), at


def test_a_name_without_a_schema_is_said_so() -> None:
    with pytest.raises(FileNotFoundError, match=r"no schema nothing\.v1"):
        load_schema("nothing.v1")


@pytest.mark.parametrize("name", NAMES)
def test_a_reference_is_local_and_has_a_description_only_beside_it_as_the_validator_resolves_it(name: str) -> None:
    referring = [schema for _, schema in subschemas(load_schema(name)) if "$ref" in schema]
    assert all(one["$ref"].startswith("#/$defs/") and one.keys() <= {"$ref", "description"} for one in referring)
