"""The real run-release against a web server: what is tried again, what is refused, what is never followed."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.contract.agent_process import Bench

SCRIPT = b"#!/bin/bash\necho fetched\n"


@dataclass(frozen=True)
class _Busy:
    """How often the server answers 503 before it gives the script."""

    times: int
    headers: Mapping[str, str] = field(default_factory=dict)


BUSY = {
    "/busy.sh": _Busy(1),
    "/always-busy.sh": _Busy(99),
    "/busy-until-2021.sh": _Busy(1, {"Retry-After": "Fri, 01 Jan 2021 00:00:00 GMT"}),
    "/busy-for-no-number.sh": _Busy(1, {"Retry-After": "9" * 5000}),
    "/busy-for-30-seconds.sh": _Busy(1, {"Retry-After": "30"}),
    "/busy-until-2099.sh": _Busy(1, {"Retry-After": "Thu, 01 Jan 2099 00:00:00 GMT"}),
}


class _Site(ThreadingHTTPServer):
    daemon_threads = True
    asked: list[str]

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: _Site

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        tries = self.server.asked.count(self.path)
        match self.path:
            case "/deploy.sh":
                self._answer(200, SCRIPT)
            case path if path in BUSY:
                self._answer(503 if tries <= BUSY[path].times else 200, SCRIPT, headers=BUSY[path].headers)
            case "/cut.sh":
                self._answer(200, SCRIPT if tries > 1 else SCRIPT[:5], promised=len(SCRIPT))
            case "/always-cut.sh":
                self._answer(200, SCRIPT[:5], promised=len(SCRIPT))
            case "/near.sh":
                self._answer(302, b"", headers={"Location": "/deploy.sh"})
            case "/far.sh":
                self._answer(302, b"", headers={"Location": f"http://localhost:{self.server.server_port}/deploy.sh"})
            case "/local.sh":
                self._answer(302, b"", headers={"Location": "file:///etc/passwd"})
            case "/loop.sh":
                self._answer(302, b"", headers={"Location": "/loop.sh"})
            case _:
                self._answer(404, b"none")

    def _answer(
        self, status: int, body: bytes, *, promised: int | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if promised is None else promised))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        return


@pytest.fixture
def site() -> Iterator[_Site]:
    server = _Site(("127.0.0.1", 0), _Handler)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize(
    "path", ["/deploy.sh", "/busy.sh", "/busy-until-2021.sh", "/busy-for-no-number.sh", "/cut.sh", "/near.sh"]
)
def test_a_script_is_fetched_through_redirects_and_transient_failures(bench: Bench, site: _Site, path: str) -> None:
    run = bench.run(DEPLOYMENT_SCRIPT=site.uri + path)
    assert run.code == 0
    assert "fetched" in run.messages


@pytest.mark.parametrize("path", ["/missing.sh", "/always-cut.sh", "/loop.sh"])
def test_a_source_that_cannot_be_fetched_whole_runs_nothing(bench: Bench, site: _Site, path: str) -> None:
    run = bench.run(DEPLOYMENT_SCRIPT=site.uri + path)
    assert run.code == 66
    assert "fetched" not in run.messages


def test_a_missing_source_is_asked_for_once(bench: Bench, site: _Site) -> None:
    bench.run(DEPLOYMENT_SCRIPT=f"{site.uri}/missing.sh")
    assert site.asked == ["/missing.sh"]


def test_a_source_that_stays_busy_is_asked_five_times(bench: Bench, site: _Site) -> None:
    assert bench.run(DEPLOYMENT_SCRIPT=f"{site.uri}/always-busy.sh").code == 66
    assert site.asked == ["/always-busy.sh"] * 5


@pytest.mark.parametrize("path", ["/busy-for-30-seconds.sh", "/busy-until-2099.sh"])
def test_a_server_that_wants_a_pause_beyond_the_time_cap_is_not_asked_again(
    bench: Bench, site: _Site, path: str
) -> None:
    run = bench.run(DEPLOYMENT_SCRIPT=site.uri + path, INTERLOCK_MAX_DOWNLOAD_SECONDS="20")
    assert (run.code, site.asked) == (66, [path])


@pytest.mark.parametrize("path", ["/far.sh", "/local.sh"])
def test_a_redirect_out_of_the_allowed_sources_is_not_followed(bench: Bench, site: _Site, path: str) -> None:
    run = bench.run(DEPLOYMENT_SCRIPT=site.uri + path)
    assert (run.code, site.asked) == (68, [path])


def test_plain_http_is_refused_unless_listed(bench: Bench, site: _Site) -> None:
    run = bench.run(DEPLOYMENT_SCRIPT=f"{site.uri}/deploy.sh", INTERLOCK_ALLOWED_SOURCES="")
    assert (run.code, site.asked) == (68, [])


def test_a_source_over_the_cap_is_refused(bench: Bench, site: _Site) -> None:
    assert bench.run(DEPLOYMENT_SCRIPT=f"{site.uri}/deploy.sh", INTERLOCK_MAX_DOWNLOAD_BYTES="10").code == 66


def test_a_secret_in_the_query_is_shown_nowhere(bench: Bench, site: _Site) -> None:
    run = bench.run(DEPLOYMENT_SCRIPT=f"{site.uri}/missing.sh?signature=made-up-secret")
    assert "made-up-secret" not in str(run.lines) + str(bench.result())
