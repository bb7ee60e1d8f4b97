"""Subscription filters on attributes: Google's grammar as a parser that yields a predicate."""

import re
from collections.abc import Callable, Mapping

Predicate = Callable[[Mapping[str, str]], bool]

TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<word>[A-Za-z_][A-Za-z0-9_-]*)|(?P<sign>!=|[=:.,()-]))', re.DOTALL
)
MAX_FILTER_BYTES = 256


class BadFilter(ValueError):
    """The text is not a filter; the message names the place."""


def parse_filter(text: str) -> Predicate:
    """Return the filter as a predicate; an empty one accepts every message."""
    if not text.strip():
        return lambda _attributes: True
    if len(text.encode()) > MAX_FILTER_BYTES:
        raise BadFilter(f"a filter has at most {MAX_FILTER_BYTES} bytes")
    parser = _Parser(_tokens(text))
    predicate = parser.expression()
    parser.end()
    return predicate


def _tokens(text: str) -> list[str]:
    tokens, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = TOKEN.match(text, position)
        if not match:
            raise BadFilter(f"unexpected character at {position}")
        tokens.append(match.group().strip() if not match["text"] else match["text"])
        position = match.end()
    return tokens


class _Parser:
    """Recursive descent over the tokens; AND and OR may not be mixed without parentheses, as at Google."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = [*tokens, ""]
        self._at = 0

    def expression(self) -> Predicate:
        terms = [self._term()]
        operator = self._peek() if self._peek() in {"AND", "OR"} else ""
        while operator and self._peek() in {"AND", "OR"}:
            self._expect(operator)
            terms.append(self._term())
        decide = any if operator == "OR" else all
        return lambda attributes: decide(term(attributes) for term in terms)

    def end(self) -> None:
        if self._peek():
            raise BadFilter(f"unexpected {self._peek()!r}")

    def _term(self) -> Predicate:
        if self._peek() in {"NOT", "-"}:
            self._next()
            inner = self._term()
            return lambda attributes: not inner(attributes)
        if self._peek() == "(":
            self._next()
            inner = self.expression()
            self._expect(")")
            return inner
        return self._prefix() if self._peek() == "hasPrefix" else self._comparison()

    def _prefix(self) -> Predicate:
        self._expect("hasPrefix")
        self._expect("(")
        self._expect("attributes")
        self._expect(".")
        name = self._name()
        self._expect(",")
        start = self._text()
        self._expect(")")
        return lambda attributes: attributes.get(name, "").startswith(start) if name in attributes else False

    def _comparison(self) -> Predicate:
        self._expect("attributes")
        if self._peek() == ":":
            self._next()
            present = self._name()
            return lambda attributes: present in attributes
        self._expect(".")
        name, sign = self._name(), self._next()
        if sign not in {"=", "!="}:
            raise BadFilter(f"expected = or !=, found {sign!r}")
        value = self._text()
        if sign == "=":
            return lambda attributes: attributes.get(name) == value
        return lambda attributes: attributes.get(name) != value

    def _name(self) -> str:
        token = self._peek()
        if token.startswith('"'):
            return self._text()
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", token):
            raise BadFilter(f"expected an attribute's name, found {token!r}")
        return self._next()

    def _text(self) -> str:
        token = self._next()
        if not token.startswith('"'):
            raise BadFilter(f"expected a quoted value, found {token!r}")
        return re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.DOTALL)

    def _peek(self) -> str:
        return self._tokens[self._at]

    def _next(self) -> str:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _expect(self, wanted: str) -> None:
        found = self._next()
        if found != wanted:
            raise BadFilter(f"expected {wanted!r}, found {found!r}")
