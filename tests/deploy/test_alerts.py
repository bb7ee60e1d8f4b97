"""Alerts, metrics and dashboard listen to what the functions really write."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from interlock.schema_files import load_schema
from tests.deploy.plans import ROOT, resources
from tests.unit import test_dispatcher, test_reporter

EXAMPLE = "one-environment"
SOURCES = "".join(path.read_text() for path in sorted((ROOT / "functions" / "interlock").rglob("*.py")))


def filters() -> Iterator[str]:
    """Yield every log filter and every place a label is taken from."""
    for metric in resources(EXAMPLE, "google_logging_metric"):
        yield metric.values["filter"]
        yield from (metric.values["label_extractors"] or {}).values()
        yield metric.values["value_extractor"] or ""
    for policy in resources(EXAMPLE, "google_monitoring_alert_policy"):
        for condition in policy.values["conditions"]:
            for one in condition["condition_matched_log"]:
                yield one["filter"]
                yield from one["label_extractors"].values()


def test_every_event_that_is_listened_for_is_written_by_a_function() -> None:
    clauses = re.findall(r'jsonPayload\.event=(\([^)]*\)|"[a-z_]+")', "\n".join(filters()))
    events = {event for clause in clauses for event in re.findall(r'"([a-z_]+)"', clause)}
    assert {"dead_letter", "execution_ended", "release_step"} <= events
    assert [event for event in events if f'"{event}"' not in SOURCES] == []


def test_every_field_that_is_read_is_written_by_a_function() -> None:
    fields = set(re.findall(r"jsonPayload\.([a-z_]+)", "\n".join(filters())))
    assert [field for field in fields if f"{field}=" not in SOURCES and f'"{field}"' not in SOURCES] == []


def test_every_label_is_one_of_the_dead_letter_alert() -> None:
    written = load_schema("dead-letter-alert.v1")["properties"]["logging.googleapis.com/labels"]["properties"]
    read = set(re.findall(r"(?<![a-z.])labels\.([a-z_]+)", "\n".join(filters())))
    assert read <= set(written)
    assert {"notify", "severity", "fingerprint"} <= read


def test_every_severity_of_an_alert_has_its_policy() -> None:
    severities = load_schema("dead-letter-alert.v1")["properties"]["severity"]["enum"]
    policies = {one.address for one in resources(EXAMPLE, "google_monitoring_alert_policy")}
    assert {f'google_monitoring_alert_policy.dead_letter["{severity}"]' for severity in severities} <= policies


PAGE = {
    "throughput": "releases_ended",
    "outcomes": "metric.label.outcome",
    "queue time": "queue_seconds",
    "run time": "run_seconds",
    "percentiles": "ALIGN_PERCENTILE_95",
    "lanes waiting": "metric.label.lane",
    "dead letters": "interlock/dead_letters",
    "cost drivers": "billable_instance_time",
}


@pytest.mark.parametrize("subject", PAGE)
def test_the_dashboard_shows(subject: str) -> None:
    assert PAGE[subject] in resources(EXAMPLE, "google_monitoring_dashboard")[0].values["dashboard_json"]


def test_what_is_measured_is_a_number_of_the_line_it_is_taken_from() -> None:
    """The lines themselves are those of a release that was started and that ended, run through both functions."""
    lines = {"release_step": _started(), "execution_ended": _ended()}
    measures = [one.values for one in resources(EXAMPLE, "google_logging_metric") if one.values["value_extractor"]]
    assert len(measures) == 2
    for measure in measures:
        event = re.findall(r'jsonPayload\.event="(\w+)"', measure["filter"])[0]
        (field,) = re.findall(r"EXTRACT\(jsonPayload\.(\w+)\)", measure["value_extractor"])
        assert f"jsonPayload.{field}>=0" in measure["filter"]
        assert any(isinstance(line[field], float) for line in lines[event]), field
        assert measure["metric_descriptor"][0]["value_type"] == "DISTRIBUTION"


def _started() -> list[Mapping[str, Any]]:
    world = test_dispatcher.World()
    world.push(test_dispatcher.REQUEST)
    return [line for line in world.log.lines if line["event"] == "release_step"]


def _ended() -> list[Mapping[str, Any]]:
    world = test_reporter.World()
    world.report(test_reporter.completion())
    return [line for line in world.log.lines if line["event"] == "execution_ended"]


def test_one_failed_execution_is_told_at_once() -> None:
    (backstop,) = [one for one in resources(EXAMPLE, "google_monitoring_alert_policy") if "failed_exec" in one.address]
    (condition,) = backstop.values["conditions"][0]["condition_threshold"]
    assert "run.googleapis.com/job/completed_execution_count" in condition["filter"]
    assert (condition["duration"], condition["threshold_value"]) == ("0s", 0)


@pytest.mark.parametrize("alert", ["backlog", "oldest_message"])
def test_every_subscription_that_a_function_must_empty_is_watched(alert: str) -> None:
    pushes = {one.values["name"] for one in resources(EXAMPLE, "google_pubsub_subscription") if ".push[" in one.address}
    (policy,) = [one for one in resources(EXAMPLE, "google_monitoring_alert_policy") if f'["{alert}"]' in one.address]
    (condition,) = policy.values["conditions"][0]["condition_threshold"]
    assert pushes == {"dispatch-release", "report-status", "alert-dead-letter"}
    assert set(re.findall(r'"([a-z-]+)"', condition["filter"].split("one_of")[1])) == pushes


def test_every_chart_of_our_own_metrics_names_one_that_exists() -> None:
    metrics = {one.values["name"] for one in resources(EXAMPLE, "google_logging_metric")}
    document = resources(EXAMPLE, "google_monitoring_dashboard")[0].values["dashboard_json"]
    assert json.loads(document)["gridLayout"]["widgets"]
    assert set(re.findall(r"user/(interlock/[a-z_]+)", document)) <= metrics
