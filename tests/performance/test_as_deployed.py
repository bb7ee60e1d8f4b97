"""The bench's functions call Google as deployed ones do: by its names, over TLS, with credentials."""

import pytest

from bench.cold import BARE
from bench.events import MAKERS, a_dispatch
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


@pytest.mark.parametrize("function", ["dispatch_release", "alert_dead_letter", "reconcile_releases"])
def test_bare_calls_are_those_of_the_function(function: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    with google() as side:
        settings = environment(side, tmp_path_factory.mktemp("function"))
        found = []
        for name in (function, BARE[function]):
            side.reset()
            loaded_modules(name, settings, MAKERS[function]())
            found.append(side.counts())
    assert found[0] == found[1]
