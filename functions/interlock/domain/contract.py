"""Holds documents against a JSON Schema and reports every broken rule at once, in words people can act on."""

import json
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError

from interlock.domain.body import escaped
from interlock.domain.redaction import REDACTED, is_sensitive_key, redact_text
from interlock.domain.violation import FOUND_CHARACTERS, Violation, shortened

_NEAR = 0.7
_EXCERPT = 4096
_LIMITS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minProperties": "at least {} keys",
    "maxProperties": "at most {} keys",
    "minimum": "a number of at least {}",
    "maximum": "a number of at most {}",
    "pattern": "a text that matches {}",
    "const": "{}",
}


class Contract:
    """A schema made ready for use: compiled once, asked for every message."""

    def __init__(self, schema: Mapping[str, Any], validator: Draft202012Validator) -> None:
        self._schema = schema
        self._validator = validator

    @classmethod
    def of(cls, schema: Mapping[str, Any]) -> "Contract":
        """Compile the schema; the one slow step."""
        return cls(schema, Draft202012Validator(dict(schema)))

    def is_valid(self, document: object) -> bool:
        """Whether the document breaks no rule; the fast answer, without reasons."""
        return self._validator.is_valid(document)

    def violations(self, document: object) -> tuple[Violation, ...]:
        """Return all broken rules, sorted by place; none exactly when the document is valid."""
        errors = self._validator.iter_errors(document)
        return tuple(sorted({one for error in errors for one in self._explained(error)}, key=_order))

    def _explained(self, error: ValidationError) -> Iterator[Violation]:
        rule = str(error.schema_path[-1])
        pointer = _pointer(error.instance_path)
        facts = error.kind.as_dict()
        parent = self._at(error.schema_path[:-1])
        if rule in {"required", "dependentRequired"}:
            yield _missing(pointer, rule, facts["property"], self._unknown_keys(error.instance, parent))
        elif rule == "additionalProperties" and "unexpected" in facts:
            known = self._known_keys(parent, pointer)
            yield from (_unknown(pointer, key, error.instance, known) for key in facts["unexpected"])
        else:
            expected = _expected(rule, parent, facts)
            yield Violation(pointer, rule, expected, _found(error.instance, error.instance_path))

    def _at(self, path: Iterable[str | int]) -> Mapping[str, Any]:
        schema: Any = self._schema
        for step in path:
            schema = schema[step]
        return schema if isinstance(schema, Mapping) else {}

    def _known_keys(self, parent: Mapping[str, Any], pointer: str) -> list[str]:
        """Return the keys this object may have; at the root also those that would make it another kind."""
        known = list(parent.get("properties", {}))
        return known if pointer else known + _telling_keys(self._schema)

    def _unknown_keys(self, instance: Any, parent: Mapping[str, Any]) -> list[str]:
        return [key for key in instance if key not in parent.get("properties", {})]


def _telling_keys(schema: Mapping[str, Any]) -> list[str]:
    """Return the keys by which a schema of several kinds tells them apart."""
    keys: list[str] = []
    while "if" in schema:
        keys += schema["if"].get("required", ())
        schema = schema.get("else", {})
    return keys


def _missing(pointer: str, rule: str, key: str, unknown: list[str]) -> Violation:
    near = get_close_matches(key, unknown, n=1, cutoff=_NEAR)
    hint = f"{_quoted(near[0])} is not a key here" if near else None
    return Violation(pointer, rule, f'the key "{key}"', "absent", hint)


def _unknown(pointer: str, key: str, holder: Mapping[str, Any], known: list[str]) -> Violation:
    near = get_close_matches(key.strip().lower(), known, n=1, cutoff=_NEAR)
    hint = f'did you mean "{near[0]}"?' if near else None
    token = escaped(shortened(key))
    return Violation(f"{pointer}/{token}", "additionalProperties", "no such key", _found(holder[key], [key]), hint)


def _expected(rule: str, parent: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    """Return the rule in words: the schema's own for a pattern, as no one should have to read one."""
    if rule == "pattern" and "description" in parent:
        return str(parent["description"])
    limit = parent.get(rule)
    if rule == "type":
        return " or ".join([limit] if isinstance(limit, str) else limit or facts.get("types", ()))
    if rule == "enum":
        return "one of " + ", ".join(json.dumps(option) for option in limit or ())
    if rule == "uniqueItems":
        return "no item twice"
    return _LIMITS.get(rule, f"what {rule} allows").format(limit)


def _found(value: Any, path: list[str | int]) -> str:
    """Return the value as it may be shown: short, and never what looks like a credential."""
    if any(isinstance(step, str) and is_sensitive_key(step) for step in path):
        return REDACTED
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        return f"an object with {len(value)} keys"
    if isinstance(value, list):
        return f"an array of {len(value)} items"
    return shortened(json.dumps(value))


def _quoted(text: str) -> str:
    """Return the text in quotes, redacted before it is cut, so that no cut hides what it is."""
    quoted = json.dumps(redact_text(text[:_EXCERPT]), ensure_ascii=False)
    return quoted if len(quoted) <= FOUND_CHARACTERS else shortened(quoted)


def _pointer(path: list[str | int]) -> str:
    return "".join(f"/{escaped(shortened(str(step)))}" for step in path)


def _order(violation: Violation) -> tuple[str, ...]:
    return (violation.pointer, violation.rule, violation.expected, violation.found, violation.hint or "")
