"""Holds documents against a JSON Schema and reports every broken rule at once, in words people can act on."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import chain, islice
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

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
    """A schema made ready for use: built once, asked for every message."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._validator = _OneErrorPerKey(_without_references(schema, schema))
        self._kind_keys = _kind_keys(schema)

    @classmethod
    def of(cls, schema: Mapping[str, Any]) -> "SchemaValidator":
        """Return the validator of the schema."""
        return cls(schema)

    def violations(self, document: object) -> tuple[Violation, ...]:
        """Return all broken rules, sorted by place; none exactly when the document is valid.

        Only those that are listed are put in words: a hostile document may break a rule a hundred thousand times.
        """
        errors = self._validator.iter_errors(document)
        first = next(errors, None)
        if first is None:
            return ()
        shown = redact_value(document)
        listed = {self._explained(error, shown) for error in chain((first,), islice(errors, LISTED - 1))}
        unlisted = sum(1 for _ in errors)
        return (*sorted(listed, key=_order), *_rest(unlisted))

    def _explained(self, error: ValidationError, shown: object) -> Violation:
        rule, path = str(error.validator), list(error.absolute_path)
        parent = error.schema if isinstance(error.schema, Mapping) else {}
        if rule in {"required", "dependentRequired"}:
            return _missing(_pointer(path), rule, error.message, _unknown_keys(error.instance, parent))
        if rule == "additionalProperties":
            return _unknown([*path, error.message], self._known_keys(parent, at_root=not path), shown)
        return Violation(_pointer(path), rule, _expected(rule, parent), _found(shown, path))

    def _known_keys(self, parent: Mapping[str, Any], *, at_root: bool) -> list[str]:
        """Return the keys this object may have; at the root also those that would make it another kind."""
        known = list(parent.get("properties", {}))
        return known + self._kind_keys if at_root else known


def _required(validator: Validator, keys: Sequence[str], instance: Any, _: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "object"):
        yield from (ValidationError(key) for key in keys if key not in instance)


def _dependent_required(
    validator: Validator, keys: Mapping[str, Sequence[str]], instance: Any, schema: Any
) -> Iterator[ValidationError]:
    for key in keys:
        if validator.is_type(instance, "object") and key in instance:
            yield from _required(validator, keys[key], instance, schema)


def _additional_properties(
    validator: Validator, allowed: object, instance: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    if allowed is not False:
        yield from Draft202012Validator.VALIDATORS["additionalProperties"](validator, allowed, instance, schema)
    elif validator.is_type(instance, "object"):
        patterns = schema.get("patternProperties", {})
        unknown = (key for key in instance if key not in schema.get("properties", {}))
        yield from (ValidationError(key) for key in unknown if not any(re.search(one, key) for one in patterns))


_OneErrorPerKey = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {
        "required": _required,
        "dependentRequired": _dependent_required,
        "additionalProperties": _additional_properties,
    },
)
"""Names the key at fault as the error's message; the library has it only within a sentence, unknown keys all in one."""


def _without_references(schema: Any, root: Mapping[str, Any]) -> Any:
    """Return the schema with every `$ref` replaced by what it points to, which halves the time of a verdict.

    Beside a `$ref` the contract's schemas have a description only, and the one it points to explains its pattern.
    """
    if isinstance(schema, list):
        return [_without_references(item, root) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    whole = {key: _without_references(value, root) for key, value in schema.items() if key not in {"$ref", "$defs"}}
    return {**whole, **_without_references(_target(schema["$ref"], root), root)} if "$ref" in schema else whole


def _target(reference: str, root: Mapping[str, Any]) -> Any:
    """Return what the reference points to within its own document, the only kind that the contract uses."""
    found: Any = root
    for key in reference.removeprefix("#/").split("/"):
        found = found[key]
    return found


def _unknown_keys(instance: Any, parent: Mapping[str, Any]) -> list[str]:
    return [key for key in instance if key not in parent.get("properties", {})][:LISTED]


def _kind_keys(schema: Mapping[str, Any]) -> list[str]:
    """Return the keys by which a schema of several kinds recognises each."""
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


def _expected(rule: str, parent: Mapping[str, Any]) -> str:
    """Return the rule in words: the schema's own for a pattern, as no one should have to read one."""
    if rule in {"pattern", "not"} and "description" in parent:
        words = str(parent["description"]).rstrip(".")
        return words[0].lower() + words[1:]
    limit = parent.get(rule)
    if rule == "type":
        return limit if isinstance(limit, str) else " or ".join(limit or ())
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
