"""The environment of each service and of the user's shell, derived from the plan alone."""

from collections.abc import Mapping
from types import MappingProxyType

from interlock.config import SETTINGS, settings_of
from interlock_local.stack import names
from interlock_local.stack.plan import StackPlan

PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR", "JAVA_HOME", "STORAGE_EMULATOR_HOST")
"""The last points Google's storage client, and so the agents' `gs://` sources, at a server on this machine."""

SET_BY_CLOUD_FUNCTIONS = MappingProxyType({"LOG_EXECUTION_ID": "true"})
"""With it the framework wraps standard output, and adds the execution's id to what is printed there."""

LEASE_SECONDS = "5"
START_TIMEOUT_SECONDS = "4"


def base_environment(plan: StackPlan, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what every service gets of the user's environment: no credentials, no endpoints."""
    kept = {name: environ[name] for name in PASSED_ON if name in environ}
    return {**kept, "PYTHONUNBUFFERED": "1", names.STATE_VARIABLE: str(plan.state)}


def google_environment(plan: StackPlan) -> dict[str, str]:
    """Return what points Google's clients at this stack."""
    firestore = {"FIRESTORE_EMULATOR_HOST": plan.address(names.FIRESTORE)} if plan.uses_firestore else {}
    return {
        "GOOGLE_CLOUD_PROJECT": names.PROJECT,
        "PUBSUB_EMULATOR_HOST": plan.address(names.PUBSUB),
        **firestore,
    }


def function_environment(plan: StackPlan, function: str) -> dict[str, str]:
    """Return what the function gets: the settings its table names, Google's endpoints, and the plan's extras."""
    rows = {setting.name for setting in settings_of(SETTINGS[function]).values()}
    settings = {name: value for name, value in _settings(plan).items() if name in rows}
    return {**google_environment(plan), **SET_BY_CLOUD_FUNCTIONS, **settings, **plan.extra_environment}


def shell_environment(plan: StackPlan) -> dict[str, str]:
    """Return what a shell needs so that the command, Google's clients and gcloud talk to this stack."""
    urls = {variable: plan.url(service) for variable, service in names.URL_VARIABLES.items()}
    return {
        **google_environment(plan),
        **_settings(plan),
        **urls,
        names.STATE_VARIABLE: str(plan.state),
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB": plan.url(names.PUBSUB),
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
        "CLOUDSDK_CORE_PROJECT": names.PROJECT,
    }


def _settings(plan: StackPlan) -> dict[str, str]:
    ledger = f"firestore://{names.PROJECT}/(default)" if plan.uses_firestore else f"sqlite://{plan.state}/ledger.db"
    return {
        "INTERLOCK_INSTANCE": "local",
        "INTERLOCK_LEDGER": ledger,
        "INTERLOCK_RESULTS": f"file://{plan.state}/results",
        "INTERLOCK_ROUTES": str(plan.routes_copy),
        "INTERLOCK_REQUESTS_TOPIC": names.REQUESTS,
        "INTERLOCK_STATUS_TOPIC": names.STATUS,
        "INTERLOCK_DEAD_LETTERS_TOPIC": names.DEAD_LETTERS,
        "INTERLOCK_RUN_ENDPOINT": plan.address(names.CLOUD_RUN),
        "INTERLOCK_LEASE_SECONDS": LEASE_SECONDS,
        "INTERLOCK_START_TIMEOUT_SECONDS": START_TIMEOUT_SECONDS,
    }
