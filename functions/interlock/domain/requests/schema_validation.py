"""Holds documents against a JSON Schema and reports every broken rule at once, in words people can act on."""

import json
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from itertools import chain, islice
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError

from interlock.domain.redaction import REDACTED, printable, redact_text, redact_value
from interlock.domain.requests.json_body import escaped
from interlock.domain.requests.violation import Violation, shortened

LISTED = 100
"""So many violations are listed, then a last one counts the rest: a record of them all must fit a ledger."""

_NEAR = 0.7
_COMPARED = 64
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


class SchemaValidator:
    """A schema made ready for use: compiled once, asked for every message."""

    def __init__(self, schema: Mapping[str, Any], validator: Draft202012Validator) -> None:
        self._schema = schema
        self._validator = validator

    @classmethod
    def of(cls, schema: Mapping[str, Any]) -> "SchemaValidator":
        """Compile the schema; the one slow step."""
        return cls(schema, Draft202012Validator(dict(schema)))

    def is_valid(self, document: object) -> bool:
        """Whether the document breaks no rule; the fast answer, without reasons."""
        return self._validator.is_valid(document)

    def violations(self, document: object) -> tuple[Violation, ...]:
        """Return all broken rules, sorted by place; none exactly when the document is valid."""
        errors = self._validator.iter_errors(document)
        shown = redact_value(document)
        every = chain.from_iterable(self._explained(error, shown) for error in errors)
        listed = sorted(set(islice(every, LISTED)), key=_order)
        unlisted = sum(1 for _ in every)
        return (*listed, *_rest(unlisted))

    def _explained(self, error: ValidationError, shown: object) -> Iterator[Violation]:
        rule = str(error.schema_path[-1])
        path = error.instance_path
        facts = error.kind.as_dict()
        parent = self._at(error.schema_path[:-1])
        if rule in {"required", "dependentRequired"}:
            yield _missing(_pointer(path), rule, facts["property"], _unknown_keys(error.instance, parent))
        elif rule == "additionalProperties" and "unexpected" in facts:
            known = self._known_keys(parent, at_root=not path)
            yield from (_unknown([*path, key], known, shown) for key in facts["unexpected"])
        else:
            yield Violation(_pointer(path), rule, _expected(rule, parent, facts), _found(shown, path))

    def _at(self, path: Iterable[str | int]) -> Mapping[str, Any]:
        schema: Any = self._schema
        for step in path:
            schema = schema[step]
        return schema if isinstance(schema, Mapping) else {}

    def _known_keys(self, parent: Mapping[str, Any], *, at_root: bool) -> list[str]:
        """Return the keys this object may have; at the root also those that would make it another kind."""
        known = list(parent.get("properties", {}))
        return known + _telling_keys(self._schema) if at_root else known


def _unknown_keys(instance: Any, parent: Mapping[str, Any]) -> list[str]:
    return [key for key in instance if key not in parent.get("properties", {})][:LISTED]


def _telling_keys(schema: Mapping[str, Any]) -> list[str]:
    """Return the keys by which a schema of several kinds tells them apart."""
    keys: list[str] = []
    while "if" in schema:
        keys += schema["if"].get("required", ())
        schema = schema.get("else", {})
    return keys


def _missing(pointer: str, rule: str, key: str, unknown: list[str]) -> Violation:
    near = get_close_matches(key, unknown, n=1, cutoff=_NEAR)
    hint = f"{_quoted(redact_text(near[0]))} is no key here" if near else None
    return Violation(pointer, rule, f'the key "{key}"', "absent", hint)


def _unknown(path: list[str | int], known: list[str], shown: object) -> Violation:
    spelt = str(path[-1]).strip().lower()[:_COMPARED]
    near = get_close_matches(spelt, known, n=1, cutoff=_NEAR)
    hint = f'did you mean "{near[0]}"?' if near else None
    return Violation(_pointer(path), "additionalProperties", "no such key", _found(shown, path), hint)


def _rest(unlisted: int) -> Iterator[Violation]:
    if unlisted:
        yield Violation("", "too_many_violations", f"at most {LISTED} broken rules", f"{unlisted} more")


def _expected(rule: str, parent: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    """Return the rule in words: the schema's own for a pattern, as no one should have to read one."""
    if rule in {"pattern", "not"} and "description" in parent:
        words = str(parent["description"]).rstrip(".")
        return words[0].lower() + words[1:]
    limit = parent.get(rule)
    if rule == "type":
        return " or ".join([limit] if isinstance(limit, str) else limit or facts.get("types", ()))
    if rule == "enum":
        return "one of " + ", ".join(json.dumps(option) for option in limit or ())
    if rule == "uniqueItems":
        return "no item twice"
    return _LIMITS.get(rule, f"what {rule} allows").format(limit)


def _found(shown: Any, path: Iterable[str | int]) -> str:
    """Return the value as it may be shown: short, and from the document without its credentials."""
    value = shown
    for step in path:
        try:
            value = value[step]
        except (LookupError, TypeError):  # a key that looks like a credential has lost its name
            return REDACTED
    return _described(value)


def _described(value: Any) -> str:
    if value == REDACTED:
        return REDACTED
    if isinstance(value, Mapping):
        return f"an object with {len(value)} keys"
    if isinstance(value, list):
        return f"an array of {len(value)} items"
    return _quoted(value)


def _quoted(value: Any) -> str:
    return shortened(printable(json.dumps(value, ensure_ascii=False)))


def _pointer(path: Iterable[str | int]) -> str:
    return "".join(f"/{escaped(shortened(printable(redact_text(str(step)))))}" for step in path)


def _order(violation: Violation) -> tuple[str, ...]:
    return (violation.pointer, violation.rule, violation.expected, violation.found, violation.hint or "")
