"""A valid document becomes a typed request; what nobody gave is None or the contract's default."""

from datetime import UTC, datetime, timedelta

import pytest

from interlock.domain.requests.request import CancelRequest, ReleaseRequest, ResumeRequest, parse_request
from tests.unit.contract_examples import valid_documents
from tests.unit.request_builders import MINIMAL, a_release, a_task


def test_a_release_takes_the_defaults_of_the_contract() -> None:
    request = a_release()
    assert (request.kind, request.service, request.deployment_type) == ("release", "default", "script")
    assert (request.script_args, request.params, request.rollback) == ((), {}, False)
    assert request.release_id is None
    assert request.document == MINIMAL


def test_a_maintenance_task_has_no_deployment_type() -> None:
    request = a_task(target_env="prod")
    assert (request.kind, request.task, request.target_env) == ("maintenance", "vacuum", "prod")
    assert (request.deployment_type, request.deployment_script) == (None, None)


def test_a_cancel_names_whom_and_why() -> None:
    document = {"cancel": "a-1", "requested_by": "on-call", "reason": "wrong"}
    assert parse_request(document) == CancelRequest("a-1", "on-call", "wrong")
    assert parse_request({"cancel": "a-1"}) == CancelRequest("a-1")


def test_a_resume_names_its_release() -> None:
    assert parse_request({"resume": "a-1"}) == ResumeRequest("a-1")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2030-01-31T12:00:00Z", datetime(2030, 1, 31, 12, tzinfo=UTC)),
        ("2030-01-31T12:00:00+02:00", datetime(2030, 1, 31, 10, tzinfo=UTC)),
        ("2028-02-29T00:00:00.123456789Z", datetime(2028, 2, 29, 0, 0, 0, 123456, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_with_its_zone(text: str, moment: datetime) -> None:
    not_after = a_release(not_after=text).not_after
    assert not_after == moment
    assert not_after.utcoffset() is not None


def test_every_day_the_contract_admits_is_a_day() -> None:
    start = datetime(2000, 1, 1, tzinfo=UTC)
    for day in range(0, 36525, 7):
        text = (start + timedelta(days=day)).strftime("%Y-%m-%dT23:59:59Z")
        assert a_release(not_after=text).not_after is not None


def test_a_whole_number_is_an_integer_however_it_was_written() -> None:
    request = a_release(timeout_seconds=600.0, params={"A": 2.0, "B": 2.5, "C": -0.0, "D": True})
    assert repr(request.timeout_seconds) == "600"
    assert repr(request.params) == "{'A': 2, 'B': 2.5, 'C': 0, 'D': True}"
    assert repr(request.document["timeout_seconds"]) == "600"


def test_arguments_keep_their_order() -> None:
    assert a_release(script_args=["-b", "a", "-b"]).script_args == ("-b", "a", "-b")


@pytest.mark.parametrize("document", valid_documents("release-request"))
def test_every_valid_example_becomes_a_request(document: dict[str, object]) -> None:
    request = parse_request(document)
    if isinstance(request, ReleaseRequest):
        assert request.document == document
        assert all(getattr(request, key) is not None for key in document)
