"""Masks what must not leave in a log line or a result: known secrets by value, credentials by shape or by key."""

import re
from collections.abc import Iterable, Iterator

from interlock_agent.masking.secret_pairs import secret_value_spans

MASKED = "[masked]"

_TOKENS = "|".join(  # each starts only where a run starts, and is possessive: linear in the text's length
    (
        r"eyJ[A-Za-z0-9_-]{5,}+\.[A-Za-z0-9_-]{5,}+(?:\.[A-Za-z0-9_-]*+)*+",  # JSON Web Token
        r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])",
        r"AIza[A-Za-z0-9_-]{35}",
        r"ya29\.[A-Za-z0-9_.-]{10,}+",
        r"1//[A-Za-z0-9_-]{20,}+",
        r"GOCSPX-[A-Za-z0-9_-]{16,}+",
        r"gh[opsur]_[A-Za-z0-9]{20,}+",
        r"github_pat_[A-Za-z0-9_]{20,}+",
        r"gl[a-z]{1,6}-[A-Za-z0-9_-]{20,}+",
        r"xox[a-z]-[A-Za-z0-9-]{10,}+",
        r"xapp-[A-Za-z0-9-]{10,}+",
        r"npm_[A-Za-z0-9]{30,}+",
        r"pypi-[A-Za-z0-9_-]{32,}+",
        r"[prs]k_(?:live|test)_[A-Za-z0-9]{10,}+",
        r"sk-[A-Za-z0-9_-]{20,}+",
        r"hv[bs]\.[A-Za-z0-9_-]{20,}+",
        r"SG\.[A-Za-z0-9_-]{16,}+\.[A-Za-z0-9_-]{16,}+",
    )
)
_SHAPES = (
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----(?:.*?-----END [A-Z0-9 ]{0,50}-----|.*)",
    r"LS0tLS1CRUdJTi[A-Za-z0-9+/=]*+",  # a PEM block in base64
    rf"(?<![A-Za-z0-9_-])(?:{_TOKENS})",
    r"://(?P<secret>[^\s/?#\"'<>]+)@",
    r"\b(?i:bearer|basic)\s++(?P<secret>(?=[a-z._~+/-]*+[0-9A-Z=])[\w.~+/=-]{6,}+)",
    r"hooks\.slack\.com/[a-z]{1,16}/(?P<secret>[A-Za-z0-9/_-]++)",
)


class Mask:
    """Replaces every secret of a text by one word."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = "|".join(re.escape(secret) for secret in sorted(set(secrets), key=len, reverse=True))
        # a look-ahead finds secrets that overlap, so no rest of one is left beside another
        literals = [re.compile(f"(?=(?P<secret>{known}))")] if known else []
        self._patterns = [*literals, *(re.compile(shape, re.DOTALL) for shape in _SHAPES)]

    def __call__(self, text: str) -> str:
        """Return the text without its secrets."""
        return self.cover(text, self.spans(text))

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where secrets stand in the text, in order and apart from each other."""
        merged: list[tuple[int, int]] = []
        for start, end in sorted(self._found(text)):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return merged

    @staticmethod
    def cover(text: str, spans: Iterable[tuple[int, int]]) -> str:
        """Return the text with each span replaced."""
        kept, position = [], 0
        for start, end in spans:
            kept += [text[position:start], MASKED]
            position = end
        return "".join((*kept, text[position:]))

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        for pattern in self._patterns:
            group = "secret" if "secret" in pattern.groupindex else 0
            yield from (found.span(group) for found in pattern.finditer(text))
        yield from secret_value_spans(text)
