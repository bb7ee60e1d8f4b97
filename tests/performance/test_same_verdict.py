"""The fast validator gives `jsonschema`'s verdict on every example and on 20,000 documents made from them."""

import json
import random
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from bench.processes import ROOT
from interlock.adapters.schema_files import load_schema
from interlock.domain.contract import Contract

SCHEMAS = {"release-request": "release-request.v1", "routes": "routes.v1"}
EACH = 10_000
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2.0, 2.5, 1e308, 2**53, -(2**53), 604801, 10**9),
    *("", " ", "x", "A", "a" * 64, "A" * 64, "a" * 63, "a" * 129, "é", "a\n", "\n", "\u202e", "\x00", "\U0001f600"),
    *("gs://b/o", "gs://b/../o", "gs://b/o\n", "https://u@h/x", "file:///x", "../x", "x.sh", "*", "{target_env}"),
    *("2026-02-30T00:00:00Z", "2026-02-28T23:59:60Z", "2026-02-28T23:59:59+01:00", "2026-02-28"),
    *([], [None], ["x"], ["x", "x"], ["x"] * 65, {}, {"A": 1}, {"a": 1}, {"A": {}}, {"A": "x" * 4097}),
)


def examples(kind: str) -> list[Any]:
    """Every example that is JSON, valid and invalid."""
    found = []
    for path in sorted(ROOT.glob(f"schemas/examples/*/{kind}/*.json")):
        try:
            found.append(json.loads(path.read_text()))
        except ValueError:
            continue
    return found


def changed(document: Any, chance: random.Random, keys: list[str]) -> Any:
    """Return the document with something odd at one place of it."""
    if isinstance(document, dict) and document and chance.random() < 0.9:
        key = chance.choice(list(document))
        match chance.randrange(5):
            case 0:
                return {name: value for name, value in document.items() if name != key}
            case 1:
                return {**document, chance.choice(keys): chance.choice(ODD)}
            case 2:
                return {**document, f"{key}{chance.choice(['x', ' ', '_', 'S'])}": document[key]}
            case _:
                return {**document, key: changed(document[key], chance, keys)}
    if isinstance(document, list) and document and chance.random() < 0.7:
        place = chance.randrange(len(document))
        return [*document[:place], changed(document[place], chance, keys), *document[place + 1 :]]
    return chance.choice(ODD)


def generated(kind: str) -> Iterator[Any]:
    chance = random.Random(7)
    known = examples(kind)
    keys = sorted({key for one in known if isinstance(one, dict) for key in one})
    for _ in range(EACH):
        document = chance.choice(known)
        for _ in range(chance.randrange(1, 4)):
            document = changed(document, chance, keys)
        yield document


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(SCHEMAS))
def test_every_example_and_ten_thousand_documents_get_the_same_verdict(kind: str) -> None:
    schema = load_schema(SCHEMAS[kind])
    ours, reference = Contract.of(schema), jsonschema.Draft202012Validator(schema)
    verdicts = {True: 0, False: 0}
    for document in (*examples(kind), *generated(kind)):
        verdict = reference.is_valid(document)
        assert ours.is_valid(document) == verdict, json.dumps(document)
        verdicts[verdict] += 1
    assert min(verdicts.values()) > EACH / 50
