"""What Terraform zips is all that the functions need: unpacked alone, with its requirements, they start and answer."""

import os
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from interlock.config import SETTINGS
from interlock_local.stack.ports import free_ports
from interlock_local.stack.process import wait_for
from tests.deploy.plans import ROOT, plan, resources

ANSWERS = {"dispatch_release": 400, "report_status": 400, "alert_dead_letter": 400, "reconcile_releases": 200}
"""What each says to an empty body: no platform delivers one, but any tick is good for reconcile."""


def zipped() -> dict[str, str]:
    """Return the bundle's files as the plan of an example holds them."""
    (module,) = plan("one-environment")["prior_state"]["values"]["root_module"]["child_modules"]
    (archive,) = [one for one in module["resources"] if one["type"] == "archive_file"]
    return {source["filename"]: source["content"] for source in archive["values"]["source"]}


def test_the_bundle_is_the_functions_and_the_schemas_and_nothing_else() -> None:
    functions, schemas = ROOT / "functions", ROOT / "schemas"
    assert set(zipped()) == {
        *(path.relative_to(functions).as_posix() for path in functions.rglob("*.py")),
        *(f"schemas/{path.name}" for path in schemas.glob("*.json")),
        "requirements.txt",
    }


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    for name, content in zipped().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


@pytest.fixture(scope="module")
def python(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a Python that has the bundle's requirements and nothing else."""
    home = tmp_path_factory.mktemp("python")
    uv = shutil.which("uv", path=f"{ROOT / '.uv' / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert uv, "make setup brings uv where it is missing"
    installed = ("pip", "install", "--quiet", "--python", str(home), "-r", str(bundle / "requirements.txt"))
    for arguments in (("venv", "--quiet", str(home)), installed):
        subprocess.run([uv, *arguments], check=True, cwd=bundle)
    return home / "bin" / "python"


def _environment(function: str, folder: Path) -> dict[str, str]:
    (found,) = [
        one.values["service_config"][0]["environment_variables"]
        for one in resources("one-environment", "google_cloudfunctions2_function")
        if one.values["build_config"][0]["entry_point"] == function
    ]
    here: Mapping[str, str] = {
        "INTERLOCK_LEDGER": f"sqlite://{folder}/ledger.db",
        "INTERLOCK_RESULTS": f"file://{folder}",
        "PUBSUB_EMULATOR_HOST": "127.0.0.1:9",
        "XDG_RUNTIME_DIR": str(folder),
    }
    return {"PATH": os.environ["PATH"], **found, **here}


@contextmanager
def _served(function: str, python: Path, bundle: Path, folder: Path) -> Iterator[str]:
    port = free_ports()[function]
    options = ("--source", "main.py", "--target", function, "--signature-type", "http", "--host", "127.0.0.1")
    command = [str(python), "-m", "functions_framework", *options, "--port", str(port)]
    with subprocess.Popen(command, cwd=bundle, env=_environment(function, folder)) as server:
        try:
            yield f"http://127.0.0.1:{port}/"
        finally:
            server.terminate()


def _status(url: str) -> int | None:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=b"", method="POST"), timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code
    except urllib.error.URLError:
        return None


@pytest.mark.slow
@pytest.mark.parametrize("function", SETTINGS)
def test_the_function_starts_from_the_bundle_alone_and_answers(
    function: str, python: Path, bundle: Path, tmp_path: Path
) -> None:
    with _served(function, python, bundle, tmp_path) as url:
        assert wait_for(lambda: _status(url) is not None, seconds=60)
        assert _status(url) == ANSWERS[function]
