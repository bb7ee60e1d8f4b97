"""What the agent's image is built from, as far as its files tell; the rest is proved in a container."""

import re
from pathlib import Path

AGENT = Path(__file__).parents[2] / "agent"
DOCKERFILE = (AGENT / "Dockerfile").read_text().replace("\\\n", " ")
TOOLS = (AGENT / "Dockerfile.tools").read_text()
ENTRYPOINT = (AGENT / "entrypoint.sh").read_text()


def instructions(text: str, name: str) -> list[str]:
    return re.findall(rf"(?m)^{name}\s+(.*)$", text)


def test_every_stage_stands_on_the_one_base_that_is_pinned_by_digest() -> None:
    assert instructions(DOCKERFILE, "FROM") == ["${BASE} AS build", "${BASE}"]
    (base,) = (one for one in instructions(DOCKERFILE, "ARG") if one.startswith("BASE="))
    assert re.fullmatch(r"BASE=python:3\.\d+-slim-[a-z]+@sha256:[0-9a-f]{64}", base)


def test_the_dependencies_are_pinned_by_hash() -> None:
    (install,) = (one for one in instructions(DOCKERFILE, "RUN") if "pip install" in one)
    assert "--require-hashes" in install
    pinned = re.findall(r"(?m)^[a-z0-9-]+==.*$", (AGENT / "requirements.txt").read_text())
    assert pinned
    assert all(one.endswith("\\") for one in pinned), "each is followed by its hashes"


def test_it_runs_as_nobody_special_by_number_and_bears_its_labels() -> None:
    assert instructions(DOCKERFILE, "USER") == ["10001:10001"]
    labels = set(re.findall(r"org\.opencontainers\.image\.([a-z]+)=", DOCKERFILE))
    assert labels >= {"title", "description", "version", "revision"}


def test_no_shell_stands_between_the_platform_and_the_agent() -> None:
    assert instructions(DOCKERFILE, "ENTRYPOINT") == ['["/opt/entrypoint.sh"]']
    assert ENTRYPOINT.rstrip().splitlines()[-1] == 'exec python -m interlock_agent.main "$@"'


def test_a_teams_layer_comes_by_digest_and_changes_nothing_of_the_agents() -> None:
    assert instructions(TOOLS, "ARG") == ["AGENT", "TERRAFORM"]
    assert set(re.findall(r"(?m)^[A-Z]+", TOOLS)) == {"ARG", "FROM", "COPY"}


def test_the_build_context_holds_only_what_the_image_needs() -> None:
    assert (AGENT / ".dockerignore").read_text().splitlines() == [
        "**",
        "!interlock_agent/**",
        "!entrypoint.sh",
        "!requirements.txt",
        "**/__pycache__",
    ]
