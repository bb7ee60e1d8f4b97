"""The project's Markdown pages as the tests read them: headings, links, blocks of commands."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Page:
    """One page."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def prose(self) -> str:
        """The text without its blocks of code."""
        return FENCED.sub("", self.text)

    @property
    def anchors(self) -> set[str]:
        """The anchors of its headings, made as GitHub makes them."""
        headings = re.findall(r"^#+ (.*)$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

    @property
    def relative_links(self) -> tuple[str, ...]:
        links: list[str] = LINK.findall(self.prose)
        return tuple(link for link in links if "://" not in link and not link.startswith("mailto:"))

    @property
    def commands(self) -> Iterator[str]:
        """Each line of its bash blocks."""
        for language, block in FENCED.findall(self.text):
            if language == "bash":
                yield from filter(None, map(str.strip, block.splitlines()))


def tracked(*patterns: str) -> tuple[Path, ...]:
    """Return the project's own files: what git knows or would take."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(path for name in sorted(set(listed.split("\0"))) if name and (path := ROOT / name).is_file())


def pages() -> tuple[Page, ...]:
    """Return every page of the project."""
    return tuple(map(Page, tracked("*.md")))


def words(line: str) -> list[str]:
    """Return the line's words as a shell would take them, without its comment."""
    return shlex.split(line, comments=True)
