"""Ours, its references resolved, gives the plain validator's verdict on every example and on 20,000 made from them."""

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from bench.processes import ROOT
from interlock.domain.requests.json_body import BodyError, parse_body
from interlock.domain.requests.schema_validation import SchemaValidator
from interlock.schema_files import load_schema

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2.0, 2.5, 1e308, 2**53, -(2**53), 604801, 10**9),
    *("", " ", "x", "A", "a" * 64, "A" * 64, "a" * 63, "a" * 129, "é", "a\n", "\n", "\u202e", "\x00", "\U0001f600"),
    *("gs://b/o", "gs://b/../o", "gs://b/o\n", "https://u@h/x", "file:///x", "../x", "x.sh", "*", "{target_env}"),
    *("2026-02-30T00:00:00Z", "2026-02-28T23:59:60Z", "2026-02-28T23:59:59+01:00", "2026-02-28"),
    *([], [None], ["x"], ["x", "x"], ["x"] * 65, {}, {"A": 1}, {"a": 1}, {"A": {}}, {"A": "x" * 4097}),
)


def examples(kind: str) -> list[Any]:
    """Every example that gets as far as the schema, the valid ones first."""
    paths = [*ROOT.glob(f"schemas/examples/valid/{kind}/*"), *ROOT.glob(f"schemas/examples/invalid/{kind}/*")]
    bodies = [parse_body(path.read_bytes()) for path in paths]
    return [body for body in bodies if not isinstance(body, BodyError)]


def values_by_key(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield every key and its value, at any depth."""
    if isinstance(value, dict):
        yield from value.items()
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from values_by_key(item)


def changed(document: Any, chance: random.Random, known: dict[str, list[Any]]) -> Any:
    """Return the document with one place changed: to what another example has there, or to something odd."""
    if isinstance(document, list) and document and chance.random() < 0.7:
        place = chance.randrange(len(document))
        return [*document[:place], changed(document[place], chance, known), *document[place + 1 :]]
    if not isinstance(document, dict) or not document or chance.random() < 0.1:
        return chance.choice(ODD)
    key = chance.choice(list(document))
    match chance.randrange(6):
        case 0:
            return {name: value for name, value in document.items() if name != key}
        case 1:
            other = chance.choice(list(known))
            return {**document, other: chance.choice(known[other])}
        case 2:
            return {**document, f"{key}{chance.choice(['x', ' ', '_', 'S'])}": document[key]}
        case 3 | 4:
            return {**document, key: chance.choice(known[key])}
        case _:
            return {**document, key: changed(document[key], chance, known)}


def generated(kind: str, count: int) -> Iterator[Any]:
    chance = random.Random(7)
    bodies = examples(kind)
    known: dict[str, list[Any]] = defaultdict(list)
    for key, value in values_by_key(bodies):
        known[key].append(value)
    for _ in range(count):
        document = chance.choice(bodies)
        for _ in range(chance.choice((1, 1, 2, 3))):
            document = changed(document, chance, defaultdict(lambda: list(ODD), known))
        yield document


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "count"), [("release-request", 20_000), ("routes", 2_000)])
def test_every_example_and_all_that_is_made_from_them_get_the_same_verdict(kind: str, count: int) -> None:
    schema = load_schema(f"{kind}.v1")
    ours, reference = SchemaValidator.of(schema), jsonschema.Draft202012Validator(schema)
    verdicts = {True: 0, False: 0}
    for document in (*examples(kind), *generated(kind, count)):
        verdict = reference.is_valid(document)
        assert (not ours.violations(document)) == verdict, json.dumps(document)
        verdicts[verdict] += 1
    assert min(verdicts.values()) > count / 25
