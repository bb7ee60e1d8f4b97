"""The functions' entry points, loaded when they are asked for; each reads its settings before it takes a request."""

import gc
import os
from importlib import import_module
from typing import Any

from interlock.config import SETTINGS


def __getattr__(name: str) -> Any:
    """Return the entry point of that name; a function with missing or bad settings does not start."""
    if name not in SETTINGS:
        raise AttributeError(name)
    SETTINGS[name].read(os.environ)
    gc.disable()  # it would look through what is being loaded again and again, and find it all in use
    try:
        handler = import_module(f"interlock.handlers.{name}")
        handler.get_app()  # before the worker is forked: what is loaded and compiled here is shared with it
    finally:
        gc.collect(0)  # what loading left behind, and nothing else
        gc.freeze()  # what is loaded stays: never looked at, its pages go on being shared when the worker is forked
        gc.enable()
    return getattr(handler, name)
