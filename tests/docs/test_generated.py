"""What the documentation says of settings and commands is what the code says."""

from pathlib import Path

import pytest

from tests.docs.generate import PAGES, ROOT


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_generated_parts_are_current(page: Path) -> None:
    assert page.read_text() == PAGES[page](), "run: python -m tests.docs.generate"
