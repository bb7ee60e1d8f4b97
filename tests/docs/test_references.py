"""Whoever cites "design 2.4" is led somewhere: each cited number is a heading of the contract or the design page."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Page, tracked

NUMBERED_PAGES = tuple(Page(ROOT / "docs" / name) for name in ("contract.md", "design.md"))
CITING_FILES = tracked("*.py", "*.tf", "*.hcl", "*.md")
NUMBER = r"\d+(?:\.\d+)*"
CITATION = re.compile(rf"\bdesign[\s#]+({NUMBER}(?:(?:,| and| or) {NUMBER})*)\b", re.IGNORECASE)
"""One number, or several as in "(design 4, 2.7)"; a comment's line may end in between."""
WITHIN = re.compile(r"\((\d+\.\d+(?:, \d+\.\d+)*)\)")
"""How the numbered pages cite each other's sections, as in "(2.1, 2.5)"."""


def section_numbers(page: Page) -> list[str]:
    return re.findall(rf"^#+ ({NUMBER}) ", page.prose, re.MULTILINE)


SECTIONS = Counter(number for page in NUMBERED_PAGES for number in section_numbers(page))


def citations(text: str) -> Iterator[str]:
    """Yield every section that the text cites, a list's one by one."""
    for cited in CITATION.findall(text):
        yield from re.findall(NUMBER, cited)


def unresolved(text: str) -> list[str]:
    return [number for number in citations(text) if number not in SECTIONS]


@pytest.mark.parametrize("path", CITING_FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_cited_section_is_there(path: Path) -> None:
    assert unresolved(path.read_text()) == []


def test_the_numbered_pages_cite_sections_that_are_there() -> None:
    lists = [found for page in NUMBERED_PAGES for found in WITHIN.findall(page.prose)]
    cited = [number for found in lists for number in re.findall(NUMBER, found)]
    assert cited
    assert [number for number in cited if number not in SECTIONS] == []


def test_no_two_sections_share_a_number() -> None:
    assert [number for number, count in SECTIONS.items() if count > 1] == []


def test_sections_stand_in_the_order_of_their_numbers() -> None:
    for page in NUMBERED_PAGES:
        places = [tuple(map(int, number.split("."))) for number in section_numbers(page)]
        assert places == sorted(places)


def test_the_code_cites_sections() -> None:
    cited = {number for path in CITING_FILES if path.suffix == ".py" for number in citations(path.read_text())}
    assert {"1.3", "2.6"} <= cited


@pytest.mark.parametrize("gone", ["99", "2.99", "2.4.9", "1"])
def test_a_citation_of_a_missing_section_is_seen(gone: str) -> None:
    assert unresolved(f"(design {gone})") == [gone]
    assert unresolved(f"as design\n# {gone} says.") == [gone]
    assert unresolved(f"(design 2.4, {gone})") == [gone]


def test_a_word_that_only_ends_alike_cites_nothing() -> None:
    assert list(citations("a redesign 99 years on; designed 99 times")) == []
