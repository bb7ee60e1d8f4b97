"""The terminal session in the README is what a terminal shows today; `python -m tests.docs.session` records it anew."""

import pytest

from tests.docs.session import record, recorded


@pytest.mark.slow
def test_the_session_in_the_readme_is_what_a_terminal_shows() -> None:
    assert recorded() == record()
