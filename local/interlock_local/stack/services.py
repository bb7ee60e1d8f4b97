"""The services of one stack: how the process of each is started, how its readiness is probed, and in which order."""

import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from interlock_local.stack import names
from interlock_local.stack.container import IMAGE
from interlock_local.stack.environment import base_environment, function_environment, google_environment
from interlock_local.stack.plan import ROOT, StackPlan

Probe = Literal["function", "pubsub", "cloud_run", "firestore", "process"]
"""How readiness is probed: an HTTP call of the function, a real RPC, or only whether the process lives."""

WORKING_DIR = ROOT
"""The directory that every service runs in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One process. It gets `orphan_signal` if the supervisor is killed and cannot stop it."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    probe: Probe
    orphan_signal: signal.Signals = signal.SIGTERM


def services(plan: StackPlan, environ: Mapping[str, str]) -> tuple[Service, ...]:
    """Return every process of the stack in the order they start; they stop the other way round."""
    base = base_environment(plan, environ)
    firestore = [_emulator(plan, base, "firestore")] if plan.uses_firestore else []
    functions = [_function(plan, base, name) for name in names.FUNCTIONS]
    return (*firestore, _pubsub(plan, base), _cloud_run(plan, base), *functions, _scheduler(plan, base))


def _function(plan: StackPlan, base: Mapping[str, str], name: str) -> Service:
    return Service(
        name=name,
        command=(
            *(sys.executable, "-m", "functions_framework", "--source", str(plan.functions_source)),
            *("--target", name, "--signature-type", "http", "--host", "127.0.0.1", "--port", str(plan.ports[name])),
        ),
        environment={**base, "XDG_RUNTIME_DIR": str(_sockets(plan, name)), **function_environment(plan, name)},
        probe="function",
    )


def _pubsub(plan: StackPlan, base: Mapping[str, str]) -> Service:
    if plan.pubsub == "official":
        return _emulator(plan, base, "pubsub")
    options = ("--port", str(plan.ports[names.PUBSUB]), "--state", str(plan.state / "pubsub"))
    command = (sys.executable, "-m", "interlock_local.pubsub", *options)
    return Service(name=names.PUBSUB, command=command, environment=base, probe="pubsub")


def _cloud_run(plan: StackPlan, base: Mapping[str, str]) -> Service:
    options = ("--port", str(plan.ports[names.CLOUD_RUN]), "--state", str(plan.state / "run"))
    return Service(
        name=names.CLOUD_RUN,
        command=(sys.executable, "-m", "interlock_local.cloud_run", *options, "--jobs", str(plan.jobs_file)),
        environment={**base, **google_environment(plan)},
        probe="cloud_run",
        # SIGTERM would end its tasks, too; killed, it leaves them running for the next start.
        orphan_signal=signal.SIGKILL,
    )


def _scheduler(plan: StackPlan, base: Mapping[str, str]) -> Service:
    options = ("--url", plan.url("reconcile_releases"), "--every", str(plan.reconcile_every))
    command = (sys.executable, "-m", "interlock_local.scheduler", *options)
    return Service(name=names.SCHEDULER, command=command, environment=base, probe="process")


def _emulator(plan: StackPlan, base: Mapping[str, str], kind: Literal["pubsub", "firestore"]) -> Service:
    options = ("--kind", kind, "--port", str(plan.ports[kind]), "--state", str(plan.state / "logs"))
    command = (sys.executable, "-m", "interlock_local.emulators", *options)
    return Service(name=kind, command=command, environment=base, probe=kind)


def jobs_document(plan: StackPlan, jobs: tuple[str, ...]) -> dict[str, object]:
    """Return the jobs file: every routed job of this project runs the agent; completions go to both destinations."""
    agent = {
        "command": _agent(plan),
        "env": {"INTERLOCK_RESULTS": f"file://{plan.state}/results"},
    }
    prefix = f"{names.PARENT}/jobs/"
    own = sorted({job.removeprefix(prefix) for job in jobs if job.startswith(prefix)})
    return {
        "project": names.PROJECT,
        "location": names.LOCATION,
        "jobs": dict.fromkeys(own, agent),
        "deliver": {"eventarc_url": plan.url("report_status"), "sink_topic": names.COMPLETIONS},
    }


def _agent(plan: StackPlan) -> list[str]:
    if plan.container_tool is None:
        return [sys.executable, "-m", "interlock_agent.main"]
    return [sys.executable, "-I", "-m", "interlock_local.stack.container", plan.container_tool, IMAGE]


def directories(plan: StackPlan) -> tuple[Path, ...]:
    """Return the directories that the services expect to exist."""
    shared = tuple(plan.state / name for name in ("logs", "pubsub", "run", "results"))
    return (*shared, *(_sockets(plan, name) for name in names.FUNCTIONS))


def _sockets(plan: StackPlan, function: str) -> Path:
    # gunicorn makes a control socket; without a directory for each, the functions share one in the home directory.
    return plan.state / "sockets" / function
