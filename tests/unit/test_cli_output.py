"""Columns in a pipe, and errors on standard error."""

import pytest

from interlock_cli.errors import CommandError
from interlock_cli.views.output import print_error, print_table


def test_columns_align_by_what_a_terminal_shows(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("東京", 1), ("cafe\u0301", 2), ("plain", None)]
    print_table(None, ("service", "queue"), rows, as_json=False)
    assert capsys.readouterr().out.splitlines() == ["service  queue", "東京     1", "cafe\u0301     2", "plain"]


def test_an_error_s_details_come_before_it(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(CommandError("it breaks 1 rule", "mend it", details=["file:3:19: type"]))
    assert capsys.readouterr().err.splitlines() == ["file:3:19: type", "error: it breaks 1 rule", "hint:  mend it"]
