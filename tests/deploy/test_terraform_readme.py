"""The Terraform README says what the Terraform files say."""

import re

from tests.deploy.generate import README, blocks, page
from tests.deploy.plans import EXAMPLES, TERRAFORM


def test_the_tables_are_those_of_the_files() -> None:
    assert README.read_text() == page(), "run python -m tests.deploy.generate"


def test_variables_stand_in_alphabetical_order() -> None:
    names = [name for name, _ in blocks("variable", "variables.tf")]
    assert names == sorted(names)


def test_every_file_and_every_example_is_on_the_page() -> None:
    text = README.read_text()
    files = {path.name for path in TERRAFORM.glob("*.tf")} - {"variables.tf", "outputs.tf", "versions.tf"}
    assert [name for name in sorted(files) if f"`{name}`" not in text] == []
    assert [name for name in EXAMPLES if f"(examples/{name}/main.tf)" not in text] == []


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README.read_text())
    assert links
    assert [link for link in links if not (TERRAFORM / link).exists()] == []
