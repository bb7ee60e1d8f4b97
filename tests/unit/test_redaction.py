"""What must never leave, and what must stay readable. All credentials here are made up."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.domain.redaction import REDACTED, excerpt, printable, redact_text, redact_value

MADE_UP = "Example0" * 6
SHAPES = {
    "json web token": "eyJhbGciOiJFUzI1NiJ9" + ".eyJzdWIiOiJleGFtcGxlIn0" + "." + MADE_UP,
    "unsigned json web token": "eyJhbGciOiJub25lIn0" + ".eyJzdWIiOiJleGFtcGxlIn0" + ".",
    "pem block": "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIExample0\nabc\n-----END RSA PRIVATE KEY-----",
    "pem block cut off": "-----BEGIN PRIVATE " + "KEY-----\nMIIExample0\nabc",
    "pem block in base64": "LS0tLS1CRUdJTi" + MADE_UP + "==",
    "aws access key": "AKIA" + "EXAMPLE0EXAMPLE0",
    "aws session key": "ASIA" + "EXAMPLE0EXAMPLE0",
    "google api key": "AIza" + MADE_UP[:35],
    "google access token": "ya29." + MADE_UP,
    "google refresh token": "1//" + MADE_UP,
    "google client secret": "GOCSPX-" + MADE_UP[:28],
    "github token": "ghp_" + MADE_UP[:36],
    "github server token": "ghs_" + MADE_UP[:36],
    "github fine-grained token": "github_pat_" + MADE_UP,
    "gitlab token": "glpat-" + MADE_UP[:20],
    "slack bot token": "xoxb-" + "123456789012-" + MADE_UP[:24],
    "slack app token": "xapp-" + "1-A0-" + MADE_UP,
    "npm token": "npm_" + MADE_UP[:36],
    "pypi token": "pypi-" + MADE_UP,
    "stripe key": "sk_live_" + MADE_UP[:24],
    "vault token": "hvs." + MADE_UP[:24],
    "sendgrid key": "SG." + MADE_UP[:22] + "." + MADE_UP[:43],
}
PAIRS = {
    "password=hunter2": "password=[redacted]",
    "PASSWORD = hunter2 next": "PASSWORD = [redacted] next",
    "DB_PASSWD=hunter2&x": "DB_PASSWD=[redacted]",
    "DB_PASS=hunter2": "DB_PASS=[redacted]",
    "GIT_CREDS: hunter2": "GIT_CREDS: [redacted]",
    "passphrase: hunter2": "passphrase: [redacted]",
    "client_secret: 'hunter 2' and": "client_secret: '[redacted]' and",
    '{"apiKey": "hunter2", "a": 1}': '{"apiKey": "[redacted]", "a": 1}',
    '{"token":"hun\\"ter2","a":1}': '{"token":"[redacted]","a":1}',
    'body: {\\"secret\\": \\"hunter2\\"}': 'body: {\\"secret\\": \\"[redacted]\\"}',
    '"private_key": "unterminated hunter2': '"private_key": "[redacted]"',
    "API-KEY=hunter2": "API-KEY=[redacted]",
    "secret => hunter2": "secret => [redacted]",
    "sessionid=hunter2;": "sessionid=[redacted]",
    "--password hunter2 --env prod": "--password [redacted] --env prod",
    "--api-token=hunter2 --env prod": "--api-token=[redacted] --env prod",
    "Authorization: Basic aHVudGVyMg==": "Authorization: [redacted]",
    "Authorization: Bearer hunter2hunter2\nHost: x": "Authorization: [redacted]\nHost: x",
    "Cookie: a=hunter2; b=hunter2\nHost: x": "Cookie: [redacted]\nHost: x",
    "sent Bearer hunter2hunter2 to": "sent Bearer [redacted] to",
    "sent basic aHVudGVyMg== to": "sent basic [redacted] to",
    "https://joe:hunter2@example.com/a": "https://[redacted]@example.com/a",
    "postgres://joe:hun@ter2@db/x": "postgres://[redacted]@db/x",
    "https://example.com/a?token=hunter2&b=1": "https://example.com/a?token=[redacted]&b=1",
    "https://example.com/a?key=hunter2&b=1": "https://example.com/a?key=[redacted]&b=1",
    "https://example.com/a?X-Goog-Signature=hunter2&b=1": "https://example.com/a?X-Goog-Signature=[redacted]&b=1",
    "https://example.com/a?b=1&X-Amz-Signature=hunter2": "https://example.com/a?b=1&X-Amz-Signature=[redacted]",
    "https://example.com/a?sv=1&sig=hunter2#x": "https://example.com/a?sv=1&sig=[redacted]#x",
    "https://hooks.slack.com/services/T0/B0/hunter2": "https://hooks.slack.com/services/[redacted]",
    'note="password=hunter2"': 'note="password=[redacted]"',
}
HARMLESS = [
    "sha256:" + "5e884898" * 8,
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "web-2026.11.23-1",
    "ce-3d1678c4ad3e1342bf106837639a24e6",
    "gs://my-artifacts/my-app-1.2.4.zip",
    "gs://my-artifacts/tokens/session-store-1.2.4.zip",
    "https://example.com:8443/a/b?page=2&sort=asc#top",
    "projects/acme/locations/europe-west1/jobs/release-agent/executions/release-agent-x7k2p",
    "Permission denied on secret: projects/123/secrets/git-credentials/versions/latest for the account",
    "Basic authentication failed for the bearer certificate",
    "author: joe, authority=example.com",
    "europe-docker.pkg.dev/acme/agent@sha256:" + "ab" * 32,
    "PASS: 12, FAIL: 0, bypass=3",
    "git@github.com:acme/web.git",
    "task_count=3 monkey=4 keyboard: 5",
    "0b1c2d3e-4f50-4a61-8b72-9c8d0e1f2a3b at 2026-03-04T09:15:30.123Z",
    "expected a text @ /params/REGION",
]
ATTACKS = [
    "token" * 52_000, 'a="' * 87_000, "a='\"\\" * 60_000, "eyJ-" * 65_000, "eyJaaaaaa." * 26_000, " " * 262_144,
    "password= " * 26_000, "password:\\" * 26_000, "://" * 87_000, "-----BEGIN A-----" * 15_000, "\\" * 262_144,
    "bearer " * 37_000, "a \\\\" * 65_000, "SG.aaaaaaaaaaaaaaaaaaaa" * 11_000, "x" + "\\" * 131_000 + "=",
    "authorization\n" * 18_000, "1//" * 87_000, "k" + " " * 131_000 + "k" + " " * 131_000, "--a " * 65_000,
    "hooks.slack.com/a/" * 14_000, "@" * 262_144, "://a@" * 52_000,
]  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("around", ["{}", "before {} after", '"{}"', "x={}", "({})", "key: {},"])
def test_a_credential_s_shape_is_taken_out_wherever_it_stands(name: str, around: str) -> None:
    redacted = redact_text(around.format(SHAPES[name]))
    assert REDACTED in redacted
    assert "Example0" not in redacted
    assert "EXAMPLE0" not in redacted
    assert "eyJ" not in redacted


@pytest.mark.parametrize(("text", "redacted"), PAIRS.items())
def test_a_value_under_a_telling_key_is_taken_out(text: str, redacted: str) -> None:
    assert redact_text(text) == redacted


@pytest.mark.parametrize("text", HARMLESS)
def test_what_people_need_to_find_the_fault_stays(text: str) -> None:
    assert redact_text(text) == text
    assert redact_value({"note": [text]}) == {"note": [text]}


def test_values_are_redacted_by_key_by_shape_and_by_flag() -> None:
    value = {
        "release_id": "web-1",
        "params": {"API_TOKEN": "hunter2", "PORT": 80, "PIN": 1234},
        "credentials": {"user": "joe", "pass": "hunter2"},
        "args": ["--password", "hunter2", "--verbose", "--token=hunter2", "x"],
        "env": [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "REGION", "value": "eu"}],
        "note": "password=hunter2",
        "password=hunter2": 1,
        "secret": None,
        "has_secret": True,
    }
    assert redact_value(value) == {
        "release_id": "web-1",
        "params": {"API_TOKEN": REDACTED, "PORT": 80, "PIN": REDACTED},
        "credentials": REDACTED,
        "args": ["--password", REDACTED, "--verbose", "--token=[redacted]", "x"],
        "env": [{"name": "DB_PASSWORD", "value": REDACTED}, {"name": "REGION", "value": "eu"}],
        "note": "password=[redacted]",
        "password=[redacted]": REDACTED,
        "secret": None,
        "has_secret": True,
    }


def test_a_value_too_deep_to_read_is_taken_out() -> None:
    value: object = "password=hunter2"
    for _ in range(5000):
        value = [value]
    assert "hunter2" not in str(redact_value(value))


@pytest.mark.parametrize("text", ATTACKS, ids=lambda text: text[:12])
def test_no_text_of_256_kib_takes_long(text: str) -> None:
    started = time.process_time()
    redact_text(text)
    assert time.process_time() - started < 2


@settings(deadline=None)
@given(st.text() | st.lists(st.sampled_from([*PAIRS, *HARMLESS, *SHAPES.values()])).map(" ".join))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact_text(text)
    assert redact_text(once) == once


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda one: st.lists(one) | st.dictionaries(st.text(), one),
    )
)
def test_any_value_is_redacted_to_a_value_of_its_kind(value: object) -> None:
    redacted = redact_value(value)
    assert isinstance(redacted, type(value))
    json.dumps(redacted)


def test_an_excerpt_is_redacted_before_it_is_cut() -> None:
    data = json.dumps({"a": "x" * 980, "password": "hunter2"}).encode()
    text = excerpt(data)
    assert len(text) == 1000
    assert "hunter2" not in text
    assert "hunter2" not in excerpt(b"x " * 490 + b"password=hunter2 " * 3)


def test_an_excerpt_of_what_is_no_json_is_text() -> None:
    assert excerpt(b"\xff token: hunter2") == "\ufffd token: [redacted]"
    assert excerpt(b"") == ""


def test_an_excerpt_can_be_printed_whatever_the_data() -> None:
    assert excerpt(b'{"a": "\\ud800"}\n') == '{"a": "\ufffd"}'
    assert printable("a\x1b[31m\tb\n") == "a\ufffd[31m\tb\n"


@settings(deadline=None)
@given(st.binary(), st.integers(0, 50))
def test_an_excerpt_is_never_longer_than_its_limit(data: bytes, limit: int) -> None:
    text = excerpt(data, limit)
    assert len(text) <= max(limit, 1)
    text.encode()
