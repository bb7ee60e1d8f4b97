"""What of the script's output is masked, wherever the pieces of it happen to end."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock_agent.masking.known_secrets import known_secrets
from interlock_agent.masking.mask import MASKED, Mask
from interlock_agent.masking.masked_lines import MaskedLines

SECRET = "made-up hunter2/ünïcode"
BOUND = 64
KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvmadeup0000000000\nsecondline0000000000\n-----END PRIVATE KEY-----\n"


def _masked(environ: dict[str, str], text: str) -> str:
    return Mask(known_secrets(environ))(text)


@pytest.mark.parametrize(
    "name",
    ["DB_PASSWORD", "GITHUB_TOKEN", "API_KEY", "SSH_KEY", "CLIENT_SECRET", "BASIC_AUTH", "RELEASE_PARAM_DB_PASS"],
)
def test_the_value_of_a_variable_named_like_a_credential_is_masked(name: str) -> None:
    assert _masked({name: SECRET}, f"got {SECRET}!") == f"got {MASKED}!"


@pytest.mark.parametrize("spelling", [json.dumps(SECRET), base64.b64encode(SECRET.encode()).decode()])
def test_a_secret_is_masked_in_its_other_spellings(spelling: str) -> None:
    assert MASKED in _masked({"DB_PASSWORD": SECRET}, f"x {spelling} x")
    assert spelling.strip('"') not in _masked({"DB_PASSWORD": SECRET}, f"x {spelling} x")


@pytest.mark.parametrize(("name", "value"), [("TARGET_ENV", "staging"), ("USE_TOKEN", "true"), ("DB_PIN", "12")])
def test_a_value_that_is_no_secret_stays(name: str, value: str) -> None:
    assert _masked({name: value}, f"x {value} x") == f"x {value} x"


def test_the_content_of_mounted_secret_files_is_masked_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("first-made-up\nsecond-made-up\n")
    (tmp_path / "key.json").write_text(json.dumps({"type": "service_account", "private_key": KEY}))
    environ = {"INTERLOCK_SECRET_FILES": str(tmp_path), "DB_PASSWORD_FILE": str(tmp_path / "db")}
    assert _masked(environ, "second-made-up") == MASKED
    assert _masked(environ, "service_account secondline0000000000") == f"service_account {MASKED}"


def test_the_files_of_the_sources_credentials_are_masked(tmp_path: Path) -> None:
    (tmp_path / "nexus").write_text("ci-user:made-up-pass\n")
    environ = {"INTERLOCK_SOURCE_CREDENTIALS": json.dumps({"https://n/": {"basic_file": str(tmp_path / "nexus")}})}
    assert _masked(environ, "made-up-pass") == MASKED
    assert _masked(environ, base64.b64encode(b"ci-user:made-up-pass").decode()) == MASKED


@pytest.mark.parametrize(
    "text",
    [
        "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl",
        "AKIA" + "A1B2C3D4E5F6G7H8",
        "ya29." + "a0made-up-access-token",
        "ghp_" + "a1" * 18,
        "Bearer a1b2c3d4",
        "https://user:pass@host/",
        "password=made-up",
        '"client_secret": "made-up"',
    ],
)
def test_a_credential_is_known_by_its_shape(text: str) -> None:
    assert MASKED in Mask()(text)


@pytest.mark.parametrize("text", ["digest sha256:" + "ab" * 32, "basic authentication", "token: $TOKEN", "1.2.4"])
def test_what_is_no_credential_stays(text: str) -> None:
    assert Mask()(text) == text


def test_secrets_that_overlap_leave_no_rest() -> None:
    assert Mask(["abcd1234", "1234wxyz"])("abcd1234wxyz") == MASKED


def _lines(mask: Mask, pieces: list[str]) -> list[str]:
    cut = MaskedLines(mask, BOUND)
    return [line for piece in pieces for line in cut.feed(piece)] + list(cut.end())


@given(before=st.integers(0, 20_000), after=st.integers(0, 9_000), size=st.integers(1, 9_000))
def test_no_border_between_pieces_lets_a_secret_through(before: int, after: int, size: int) -> None:
    text = "." * before + SECRET + "." * after
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    written = "".join(_lines(Mask([SECRET]), pieces))
    assert written == "." * before + MASKED + "." * after


@given(size=st.integers(30_000, 60_000), piece=st.integers(1000, 9_000))
def test_a_token_longer_than_the_window_is_masked_whole(size: int, piece: int) -> None:
    text = "x eyJhbGciOi." + "a1" * size + " y"
    written = "".join(_lines(Mask(), [text[start : start + piece] for start in range(0, len(text), piece)]))
    assert "a1" not in written
    assert (written[:2], written[-2:]) == ("x ", " y")


def test_a_private_key_is_masked_over_its_lines_and_what_follows_is_written() -> None:
    assert _lines(Mask(), [*KEY.splitlines(keepends=True), "after\n"]) == [MASKED] * 4 + ["after"]


def test_no_part_of_a_line_is_over_the_bound() -> None:
    assert max(map(len, _lines(Mask(["aaaa"]), ["a" * 9000 + "b" * 9000 + "\n"]))) <= BOUND
