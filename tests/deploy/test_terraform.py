"""The Terraform itself: formatted, valid against the provider's schema, its own tests green."""

import re

import pytest

from tests.deploy.plans import EXAMPLES, TERRAFORM, check, plan


@pytest.mark.slow
@pytest.mark.timeout(900)  # sixty plans, on a busy machine
def test_the_root_module_is_valid_and_passes_its_tests() -> None:
    assert re.search(r"Success! [0-9]+ passed, 0 failed", check(TERRAFORM))


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_example_is_valid_and_can_be_planned(example: str) -> None:
    actions = {action for change in plan(example)["resource_changes"] for action in change["change"]["actions"]}
    assert actions <= {"create", "read"}


def test_every_refusal_says_what_to_write_instead() -> None:
    text = "".join(path.read_text() for path in sorted(TERRAFORM.glob("*.tf")))
    messages = re.findall(r'error_message\s*=\s*"(.*)"\n', text)
    assert len(messages) > 30
    assert [one for one in messages if not re.match(r"(Write|Give|Add|Leave) ", one) and "use " not in one] == []


def test_every_validation_has_a_test_that_breaks_it() -> None:
    """As many refusals are tried for a variable as it has validations."""
    tried = "".join(path.read_text() for path in sorted((TERRAFORM / "tests").glob("*.tftest.hcl")))
    for block in re.split(r"(?m)^variable ", (TERRAFORM / "variables.tf").read_text())[1:]:
        name = block.split('"')[1]
        assert tried.count(f"expect_failures = [var.{name}]") >= block.count("validation {"), name
