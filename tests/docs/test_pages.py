"""Pages lead where they say: links, anchors, folders, the forms of changelog and decision records."""

import re

import pytest

from tests.docs.pages import ROOT, Page, pages

DECISIONS = [page for page in pages() if page.path.parent == ROOT / "docs" / "decisions"]


def by_name(page: Page) -> str:
    return page.name


@pytest.mark.parametrize("page", pages(), ids=by_name)
def test_every_link_resolves(page: Page) -> None:
    assert [link for link in page.relative_links if not leads_somewhere(page, link)] == []


def leads_somewhere(page: Page, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = (page.path.parent / name).resolve() if name else page.path
    return target.exists() and (not anchor or anchor in Page(target).anchors)


def test_a_link_to_a_missing_heading_is_seen() -> None:
    readme = Page(ROOT / "README.md")
    assert leads_somewhere(readme, "#the-functions")
    assert not leads_somewhere(readme, "#no-such-heading")
    assert not leads_somewhere(readme, "docs/missing.md")


def test_the_readme_names_every_folder_of_the_layout() -> None:
    linked = {link.split("/")[0] for link in Page(ROOT / "README.md").relative_links}
    assert {"schemas", "functions", "agent", "cli", "local", "tests", "docs"} <= linked


def test_the_changelog_has_a_place_for_what_is_new() -> None:
    assert re.search(r"^## Unreleased\n\n- ", Page(ROOT / "CHANGELOG.md").text, re.MULTILINE)


@pytest.mark.parametrize("page", DECISIONS, ids=by_name)
def test_a_decision_record_says_when_and_whether_it_stands(page: Page) -> None:
    title, _, status, *_ = page.text.splitlines()
    date = page.path.name[:10]
    assert title.startswith("# ")
    assert re.fullmatch(rf"{date} · (proposed|accepted|superseded by \[.+\]\(.+\))", status)


def test_there_are_decision_records() -> None:
    assert DECISIONS
