"""The real run-release over TLS: whom it trusts, who gets which credential, and what a bad server cannot do."""

import base64
import json
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from tests.contract.agent_process import Bench

SCRIPT = b"#!/bin/bash\necho fetched\n"
TOKEN = "made-up-token-1"


class _Site(ThreadingHTTPServer):
    daemon_threads = True
    headers_seen: list[tuple[str, str | None]]
    elsewhere: str = ""

    def handle_error(self, request: object, client_address: object) -> None:
        """Be silent: a client that refuses the certificate is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Site

    def do_GET(self) -> None:
        self.server.headers_seen.append((self.path, self.headers["Authorization"]))
        match self.path:
            case "/near.sh":
                self._redirect("/deploy.sh")
            case "/far.sh":
                self._redirect(f"{self.server.elsewhere}/deploy.sh")
            case "/there-and-back.sh":
                self._redirect(f"{self.server.elsewhere}/back.sh")
            case "/back.sh":
                self._redirect(f"{self.server.elsewhere}/deploy.sh")
            case "/endless.sh":
                self._stream(b"x" * 65536, pause=0.0)
            case "/slow.sh":
                self._stream(b"x", pause=0.05)
            case _:
                self.send_response(200)
                self.send_header("Content-Length", str(len(SCRIPT)))
                self.end_headers()
                self.wfile.write(SCRIPT)

    def _redirect(self, target: str) -> None:
        self.send_response(307)
        self.send_header("Location", target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _stream(self, piece: bytes, *, pause: float) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(piece)
                time.sleep(pause)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        return


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def _serve(authority: trustme.CA, name: str) -> tuple[_Site, threading.Thread, str]:
    site = _Site(("127.0.0.1", 0), _Handler)
    site.headers_seen = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    site.socket = context.wrap_socket(site.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=site.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    return site, thread, f"https://{name}:{site.server_port}"


@pytest.fixture
def sites(authority: trustme.CA) -> Iterator[tuple[_Site, _Site, str]]:
    """The site that is asked, the other host that it sends one to, and the first one's address."""
    site, thread, uri = _serve(authority, "127.0.0.1")
    other, other_thread, other_uri = _serve(authority, "localhost")
    site.elsewhere, other.elsewhere = other_uri, uri
    yield site, other, uri
    for one in (site, other):
        one.shutdown()
        one.server_close()
    thread.join()
    other_thread.join()


@pytest.fixture
def bench(tmp_path: Path, authority: trustme.CA) -> Bench:
    bench = Bench(tmp_path)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    (tmp_path / "basic").write_text("ci:made-up-pass\n")
    bench.variables |= {"SSL_CERT_FILE": str(tmp_path / "ca.pem"), "INTERLOCK_ALLOWED_SOURCES": "https://"}
    return bench


def _credentials(prefix: str, **place: str) -> str:
    return json.dumps({prefix: place})


def test_a_site_of_a_trusted_authority_is_fetched_without_any_credential(
    bench: Bench, sites: tuple[_Site, _Site, str]
) -> None:
    site, _, uri = sites
    run = bench.run(DEPLOYMENT_SCRIPT=f"{uri}/deploy.sh")
    assert (run.code, site.headers_seen) == (0, [("/deploy.sh", None)])


def test_a_site_of_another_authority_is_refused(bench: Bench, sites: tuple[_Site, _Site, str]) -> None:
    site, _, uri = sites
    trustme.CA().cert_pem.write_to_path(str(bench.root / "ca.pem"))
    run = bench.run(DEPLOYMENT_SCRIPT=f"{uri}/deploy.sh")
    assert (run.code, site.headers_seen) == (66, [])


def test_a_certificate_for_another_name_is_refused(bench: Bench, sites: tuple[_Site, _Site, str]) -> None:
    site, _, uri = sites
    assert bench.run(DEPLOYMENT_SCRIPT=f"{uri.replace('127.0.0.1', 'localhost')}/deploy.sh").code == 66
    assert site.headers_seen == []


def test_a_token_from_a_mounted_file_opens_its_source(bench: Bench, sites: tuple[_Site, _Site, str]) -> None:
    site, _, uri = sites
    credentials = _credentials(f"{uri}/", bearer_file=str(bench.root / "token"))
    assert bench.run(DEPLOYMENT_SCRIPT=f"{uri}/deploy.sh", INTERLOCK_SOURCE_CREDENTIALS=credentials).code == 0
    assert site.headers_seen == [("/deploy.sh", f"Bearer {TOKEN}")]


def test_a_user_and_password_from_a_mounted_file_open_their_source(
    bench: Bench, sites: tuple[_Site, _Site, str]
) -> None:
    site, _, uri = sites
    credentials = _credentials(f"{uri}/", basic_file=str(bench.root / "basic"))
    assert bench.run(DEPLOYMENT_SCRIPT=f"{uri}/deploy.sh", INTERLOCK_SOURCE_CREDENTIALS=credentials).code == 0
    assert site.headers_seen == [("/deploy.sh", f"Basic {base64.b64encode(b'ci:made-up-pass').decode()}")]


def test_a_token_from_a_variable_opens_its_source_and_is_shown_nowhere(
    bench: Bench, sites: tuple[_Site, _Site, str]
) -> None:
    site, _, uri = sites
    credentials = _credentials(f"{uri}/", bearer_env="NEXUS")
    run = bench.run(DEPLOYMENT_SCRIPT=f"{uri}/deploy.sh", INTERLOCK_SOURCE_CREDENTIALS=credentials, NEXUS=TOKEN)
    assert site.headers_seen == [("/deploy.sh", f"Bearer {TOKEN}")]
    assert TOKEN not in str(run.lines) + str(bench.result())


def test_the_longest_prefix_decides_and_a_source_beside_it_gets_nothing(
    bench: Bench, sites: tuple[_Site, _Site, str]
) -> None:
    site, _, uri = sites
    places = {f"{uri}/": {"bearer_env": "WIDE"}, f"{uri}/team": {"bearer_env": "NARROW"}}
    tokens = {"WIDE": "made-up-wide", "NARROW": "made-up-narrow", "INTERLOCK_SOURCE_CREDENTIALS": json.dumps(places)}
    for attempt, path in enumerate(("/team/a.sh", "/teams/a.sh"), 1):
        bench.run(DEPLOYMENT_SCRIPT=uri + path, INTERLOCK_ATTEMPT=str(attempt), **tokens)
    assert [header for _, header in site.headers_seen] == ["Bearer made-up-narrow", "Bearer made-up-wide"]


def test_a_redirect_within_the_host_keeps_the_credential(bench: Bench, sites: tuple[_Site, _Site, str]) -> None:
    site, _, uri = sites
    credentials = _credentials(f"{uri}/", bearer_file=str(bench.root / "token"))
    assert bench.run(DEPLOYMENT_SCRIPT=f"{uri}/near.sh", INTERLOCK_SOURCE_CREDENTIALS=credentials).code == 0
    assert [header for _, header in site.headers_seen] == [f"Bearer {TOKEN}"] * 2


def test_a_redirect_to_another_host_drops_the_credential(bench: Bench, sites: tuple[_Site, _Site, str]) -> None:
    _, other, uri = sites
    credentials = _credentials(f"{uri}/", bearer_file=str(bench.root / "token"))
    assert bench.run(DEPLOYMENT_SCRIPT=f"{uri}/far.sh", INTERLOCK_SOURCE_CREDENTIALS=credentials).code == 0
    assert other.headers_seen == [("/deploy.sh", None)]


def test_a_redirect_that_comes_back_does_not_bring_the_credential_back(
    bench: Bench, sites: tuple[_Site, _Site, str]
) -> None:
    site, other, uri = sites
    credentials = _credentials(f"{uri}/", bearer_file=str(bench.root / "token"))
    assert bench.run(DEPLOYMENT_SCRIPT=f"{uri}/there-and-back.sh", INTERLOCK_SOURCE_CREDENTIALS=credentials).code == 0
    assert site.headers_seen == [("/there-and-back.sh", f"Bearer {TOKEN}"), ("/deploy.sh", None)]
    assert other.headers_seen == [("/back.sh", None)]


def test_a_credential_that_is_not_there_stops_the_release_before_it_asks(
    bench: Bench, sites: tuple[_Site, _Site, str]
) -> None:
    site, _, uri = sites
    credentials = _credentials(f"{uri}/", bearer_file="/missing/token")
    assert bench.run(DEPLOYMENT_SCRIPT=f"{uri}/deploy.sh", INTERLOCK_SOURCE_CREDENTIALS=credentials).code == 66
    assert site.headers_seen == []


@pytest.mark.parametrize(
    "credentials",
    [
        "no json",
        "[]",
        '{"https://": {"bearer_env": "PATH"}}',
        '{"http://h/": {"bearer_env": "PATH"}}',
        '{"https://h/": {"bearer": "x"}}',
        '{"https://h/": {"bearer_env": "NOT_THERE"}}',
        '{"https://h/": {"bearer_env": "PATH", "basic_env": "PATH"}}',
    ],
)
def test_credentials_that_cannot_be_meant_are_a_bad_environment(bench: Bench, credentials: str) -> None:
    bench.with_script("exit 0\n")
    assert bench.run(INTERLOCK_SOURCE_CREDENTIALS=credentials).code == 64
    assert "INTERLOCK_SOURCE_CREDENTIALS" in bench.result()["reason"]


def test_an_endless_body_ends_at_the_cap(bench: Bench, sites: tuple[_Site, _Site, str]) -> None:
    uri = sites[2]
    assert bench.run(DEPLOYMENT_SCRIPT=f"{uri}/endless.sh", INTERLOCK_MAX_DOWNLOAD_BYTES="1000000").code == 66


def test_a_body_that_only_trickles_ends_at_the_time_cap(bench: Bench, sites: tuple[_Site, _Site, str]) -> None:
    uri = sites[2]
    assert bench.run(DEPLOYMENT_SCRIPT=f"{uri}/slow.sh", INTERLOCK_MAX_DOWNLOAD_SECONDS="1").code == 66


def test_a_large_download_tells_how_far_it_has_come(bench: Bench) -> None:
    path = bench.root / "large.sh"
    with path.open("wb") as stream:
        stream.write(b"#!/bin/bash\nexit 0\n")
        stream.truncate(140 * 1024 * 1024)
    allowed = f"file://{bench.root}"
    run = bench.run(DEPLOYMENT_SCRIPT=path.as_uri(), INTERLOCK_ALLOWED_SOURCES=allowed)
    assert run.messages.count("fetching") == 2
