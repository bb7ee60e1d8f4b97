"""Reads request files, JSON or YAML, and validates them by the same schema as dispatch_release."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interlock_cli.errors import CommandError, ExitCode

STANDARD_INPUT = "-"
_YAML = {".yaml", ".yml"}


@dataclass(frozen=True, slots=True)
class RequestFile:
    """A request file: its text as written, the JSON to publish, the document in it, and every rule that it breaks."""

    name: str
    text: bytes
    data: bytes
    document: Mapping[str, Any]
    violations: tuple[Any, ...]

    @property
    def is_valid(self) -> bool:
        """Whether the request breaks no rule."""
        return not self.violations

    def violation_lines(self) -> list[str]:
        """Return one line for each broken rule, with its line and column where the file has it."""
        return [
            f"{':'.join(map(str, (self.name, *(position or ()))))}: {violation}"
            for violation, position in zip(self.violations, self._positions(), strict=True)
        ]

    def violation_documents(self) -> list[dict[str, object]]:
        """Return each broken rule as JSON, with line and column where the file has it."""
        return [
            {**violation.as_dict(), **(position._asdict() if position else {})}
            for violation, position in zip(self.violations, self._positions(), strict=True)
        ]

    def _positions(self) -> Sequence[Any]:
        if not self.violations:
            return ()
        from interlock_cli.documents.source_positions import position_in_message, source_positions

        positions = source_positions(self.text.decode("utf-8-sig", "replace"))
        unparsed = {"not_json", "not_yaml"}
        return [
            position_in_message(one.found) if one.rule in unparsed else positions.get(one.pointer)
            for one in self.violations
        ]


def read_request(name: str, assignments: Sequence[str] = ()) -> RequestFile:
    """Read one file, or standard input for `-`, make the assignments, and validate the result.

    Raise CommandError if it cannot be read.
    """
    from interlock.domain.requests.violation import Violation, shortened

    text = _read(name)
    if _is_yaml(name, text):
        from interlock_cli.documents.yaml_text import YamlError, yaml_to_json

        try:
            data = yaml_to_json(text.decode("utf-8-sig", "replace"))
        except YamlError as error:
            violation = Violation("", "not_yaml", "a YAML document that JSON can say", shortened(str(error)))
            return RequestFile(name, text, text, {}, (violation,))
    else:
        data = text
    return _assign(_validate(name, text, data), assignments)


def _is_yaml(name: str, text: bytes) -> bool:
    """Decide by the file's name; standard input has none, and there a request in JSON begins with a brace."""
    if name != STANDARD_INPUT:
        return Path(name).suffix.lower() in _YAML
    return text.strip() != b"" and not text.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def _assign(request: RequestFile, assignments: Sequence[str]) -> RequestFile:
    if not assignments or not request.document:
        return request
    from interlock_cli.documents.assignments import with_assignments

    data = json.dumps(with_assignments(request.document, assignments), ensure_ascii=False).encode()
    return _validate(request.name, request.text, data)


def _validate(name: str, text: bytes, data: bytes) -> RequestFile:
    from interlock.domain.requests.json_body import BodyError, parse_body
    from interlock.domain.requests.schema_validation import SchemaValidator
    from interlock.schema_files import load_schema

    body = parse_body(data)
    if isinstance(body, BodyError):
        return RequestFile(name, text, data, {}, (body.violation,))
    return RequestFile(name, text, data, body, SchemaValidator.of(load_schema("release-request.v1")).violations(body))


def _read(name: str) -> bytes:
    if name == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CommandError(
            f"{name}: {reason}", "name a file that can be read, or - for standard input", code=ExitCode.USAGE
        ) from error
