"""The bench's functions call Google as deployed ones do: by its names, over TLS, with credentials."""

import pytest

from bench.events import a_dispatch
from bench.processes import environment, google, loaded_modules

LACKING = {
    "an authority to trust": {"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": "/dev/null"},
    "credentials": {"NO_GCE_CHECK": "true"},
    "a way to Google's names": {"https_proxy": "http://127.0.0.1:1"},
}


@pytest.mark.parametrize("lack", list(LACKING))
def test_no_call_gets_through_without(lack: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    with google() as side:
        settings = environment(side, tmp_path_factory.mktemp("function"))
        with pytest.raises(RuntimeError, match="answered 500"):
            loaded_modules("bare_dispatch_release", {**settings, **LACKING[lack]}, a_dispatch())
        assert side.counts() == {}


def test_bare_calls_are_those_of_a_dispatch(tmp_path_factory: pytest.TempPathFactory) -> None:
    with google() as side:
        loaded_modules("bare_dispatch_release", environment(side, tmp_path_factory.mktemp("function")), a_dispatch())
        calls = side.counts()
    assert {method: calls[method] for method in ("BatchGetDocuments", "Commit", "RunJob", "Publish")} == {
        "BatchGetDocuments": 1,
        "Commit": 3,
        "RunJob": 1,
        "Publish": 1,
    }
