"""Reads single environment variables by their kind, and collects every problem with its variable's name."""

import re
from collections.abc import Mapping

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_NUMBER = re.compile(r"[0-9]{1,18}")


class EnvironmentReader:
    """Returns a harmless value where a variable is wrong, so that reading goes on and all problems come at once."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def optional(self, name: str) -> str | None:
        """Return the text; a variable that is set to nothing counts as absent."""
        return self._environ.get(name) or None

    def required(self, name: str) -> str:
        """Return the text of a variable that must be there."""
        text = self.optional(name)
        if text is None:
            self.add_problem(name, "is missing")
        return text or ""

    def number(self, name: str, default: int | None = None) -> int:
        """Return a whole number; required where there is no default."""
        text = self.optional(name)
        if text is None and default is not None:
            return default
        if text is None or not _NUMBER.fullmatch(text):
            self.add_problem(name, "is missing" if text is None else f"must be a whole number, not {text[:40]!r}")
            return 0
        return int(text)

    def sha256(self, name: str) -> str | None:
        """Return an optional digest in lower case."""
        text = self.optional(name)
        if text is not None and not _SHA256.fullmatch(text):
            self.add_problem(name, f"must be 64 hexadecimal digits, not {text[:80]!r}")
        return text.lower() if text else None

    def add_problem(self, name: str, what: str) -> None:
        """Note what is wrong with the variable."""
        self.problems.append(f"{name} {what}")
