"""The schemas' examples as tests read them: one file per case, named for its rule."""

import json
from pathlib import Path

from interlock.domain.requests.json_body import BodyError, parse_body
from interlock.domain.requests.schema_validation import SchemaValidator
from interlock.domain.requests.violation import Violation
from interlock.schema_files import load_schema

EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"
REQUESTS = SchemaValidator.of(load_schema("release-request.v1"))
ROUTES = SchemaValidator.of(load_schema("routes.v1"))


def example_files(verdict: str, kind: str) -> list[Path]:
    return sorted((EXAMPLES / verdict / kind).iterdir())


def valid_documents(kind: str) -> list[dict[str, object]]:
    return [json.loads(path.read_bytes()) for path in example_files("valid", kind)]


def violations_in(data: bytes, contract: SchemaValidator) -> tuple[Violation, ...]:
    body = parse_body(data)
    return (body.violation,) if isinstance(body, BodyError) else contract.violations(body)


def broken_rules(data: bytes, contract: SchemaValidator) -> set[str]:
    """Each broken rule as "pointer rule"."""
    return {f"{violation.pointer} {violation.rule}" for violation in violations_in(data, contract)}
