"""Loads one function whole before its worker is forked: what is loaded is shared, and faults show at start-up."""

import gc
import os
from importlib import import_module

from interlock.config import SETTINGS
from interlock.structured_log import configure


def prepare(function: str) -> None:
    """Read the function's settings and build it; raise ConfigurationError where a setting is missing or bad.

    Its clients connect when they are first used, which is after the fork: gRPC does not survive one.
    """
    configure(SETTINGS[function].read(os.environ).project)
    gc.disable()  # it would look through what is being loaded again and again, and find it all in use
    try:
        import_module(f"interlock.entrypoints.{function}").get_app()
    finally:
        gc.collect(0)  # what loading left behind, and nothing else
        gc.freeze()  # what is loaded stays: never looked at, its pages go on being shared when the worker is forked
        gc.enable()
