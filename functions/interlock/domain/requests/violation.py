"""One broken rule of a contract: where, which rule, what was expected and what was found."""

from dataclasses import dataclass

FOUND_CHARACTERS = 120
"""No more of a value than this is ever echoed."""


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """One broken rule; sorts by its place in the document. The pointer is a JSON Pointer, "" for the whole."""

    pointer: str
    rule: str
    expected: str
    found: str
    hint: str | None = None

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.rule}: expected {self.expected}, found {self.found}{hint} @ {self.pointer or '(root)'}"

    def as_dict(self) -> dict[str, str]:
        """Return the violation as JSON; a hint that is not there is no key."""
        named = {"pointer": self.pointer, "rule": self.rule, "expected": self.expected, "found": self.found}
        return {**named, "hint": self.hint} if self.hint else named


def shortened(text: str) -> str:
    """Return the text as it may be echoed: whole, or cut with an ellipsis."""
    return text if len(text) <= FOUND_CHARACTERS else text[: FOUND_CHARACTERS - 1] + "…"
