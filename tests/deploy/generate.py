"""Writes the tables of terraform/README.md from the Terraform files: `python -m tests.deploy.generate`."""

import re
from collections.abc import Iterator

from tests.deploy.plans import TERRAFORM

README = TERRAFORM / "README.md"
BEGIN, END = "<!-- tables: generated from variables.tf and outputs.tf -->", "<!-- end of tables -->"


def page() -> str:
    """Return the page with its tables as the files are now."""
    before, rest = README.read_text().split(BEGIN)
    _, after = rest.split(END)
    return "\n".join((f"{before}{BEGIN}", *variables(), "", *outputs(), f"{END}{after}"))


def variables() -> Iterator[str]:
    """Yield the table of variables: what each is, and whether it must be given."""
    yield "| variable | needed | what it is |"
    yield "|---|---|---|"
    for name, block in blocks("variable", "variables.tf"):
        needed = "no" if re.search(r"(?m)^  default\b", block) else "yes"
        yield f"| `{name}` | {needed} | {description(block)} |"


def outputs() -> Iterator[str]:
    """Yield the table of outputs."""
    yield "| output | what it is |"
    yield "|---|---|"
    for name, block in blocks("output", "outputs.tf"):
        yield f"| `{name}` | {description(block)} |"


def blocks(kind: str, file: str) -> list[tuple[str, str]]:
    """Return name and text of each block of the kind."""
    text = (TERRAFORM / file).read_text()
    return re.findall(rf'(?ms)^{kind} "([a-z_]+)" \{{\n(.*?)^\}}', text)


def description(block: str) -> str:
    """Return what the block says of itself, fit for a table's cell."""
    found = re.search(r'(?m)^  description\s*=\s*"(.*)"$', block)
    assert found, block
    return found.group(1).replace('\\"', '"').replace("|", "\\|")


if __name__ == "__main__":
    README.write_text(page())
