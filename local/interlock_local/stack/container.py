"""The agent in a real container: builds its image, and is a job's command that runs each task as a container.

    python -m interlock_local.stack.container TOOL IMAGE

TOOL is podman, docker, or a tool with their `build` and `run`. The process becomes the tool, which forwards signals
and ends with the container's exit code.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from interlock_local.stack.errors import StackError

IMAGE = "localhost/interlock-agent:local"
AGENT = Path(__file__).resolve().parents[3] / "agent"
TOOLS = ("podman", "docker")
HOST_VARIABLES = frozenset({"PATH", "HOME", "LANG", "TMPDIR", "JAVA_HOME", "PYTHONUNBUFFERED"})
SOURCE_VARIABLES = ("ARTIFACT_PATH", "DEPLOYMENT_SCRIPT", "MANIFEST_PATH")
RESTRICTIONS = ("--read-only", "--tmpfs", "/tmp", "--cap-drop=all", "--security-opt=no-new-privileges")  # noqa: S108


def find_tool(wanted: str | None) -> str:
    """Return the path of the wanted tool, else of the first that is installed; raise StackError if there is none."""
    for name in (wanted,) if wanted else TOOLS:
        if found := shutil.which(name):
            return found
    what = f"{wanted} is not there" if wanted else "neither podman nor docker is there"
    raise StackError(f"--container: {what}", "install podman or docker, or leave --container out")


def open_results(state: Path) -> None:
    """Let the image's own user write results if the stack runs as root; other users' containers run as themselves."""
    results = state / "results"
    results.mkdir(parents=True, exist_ok=True)
    if os.getuid() == 0:
        results.chmod(0o777)


def build(tool: str, *, log: Path) -> None:
    """Build the agent's image; raise StackError, which names the log, if the tool fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        done = subprocess.run(
            [tool, "build", "-t", IMAGE, str(AGENT)], stdout=output, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode:
        raise StackError(f"the agent's image was not built ({tool} ended with {done.returncode})", f"read {log}")


def run_command(tool: str, image: str, environ: Mapping[str, str], *, user: int) -> list[str]:
    """Return the command that runs one task: restricted as in production, with its results and its own sources."""
    return [
        *(tool, "run", "--rm", "--network", "host", *RESTRICTIONS, *_as_user(tool, user)),
        *(word for mount in _mounts(environ) for word in ("-v", mount)),
        *(word for name, value in _variables(environ) for word in ("-e", f"{name}={value}")),
        image,
    ]


def _as_user(tool: str, user: int) -> tuple[str, ...]:
    """Root leaves the user to the image; for other users the results stay their own."""
    if user == 0:
        return ()
    keep = ("--userns=keep-id",) if Path(tool).name == "podman" else ()
    return (*keep, "--user", str(user))


def _mounts(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the results' directory and each file that the release names; nothing else of this machine is visible."""
    if results := _path(environ.get("INTERLOCK_RESULTS", "")):
        yield f"{results}:{results}"
    for name in SOURCE_VARIABLES:
        source = _path(environ.get(name, ""))
        if source and Path(source).is_file():
            yield f"{source}:{source}:ro"


def _path(uri: str) -> str | None:
    parts = urlsplit(uri)
    return unquote(parts.path) if parts.scheme == "file" else None


def _variables(environ: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    return ((name, value) for name, value in environ.items() if name not in HOST_VARIABLES)


def main() -> None:
    """Become the container."""
    tool, image = sys.argv[1:]
    os.execv(tool, run_command(tool, image, os.environ, user=os.getuid()))  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main()
