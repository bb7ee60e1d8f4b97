"""Lets a person change a message in their own editor."""

import json
import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from interlock_cli.errors import CommandError


def edit_message(data: bytes) -> bytes:
    """Return the message as the person left it in $VISUAL or $EDITOR; laid out first where it is JSON."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "message.json"
        file.write_bytes(_laid_out(data))
        try:
            subprocess.run([*shlex.split(editor), str(file)], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise CommandError(f"the editor {editor!r} failed: {error}", "set EDITOR to one that works") from error
        return file.read_bytes()


def _laid_out(data: bytes) -> bytes:
    try:
        return json.dumps(json.loads(data), indent=2, ensure_ascii=False).encode()
    except ValueError:
        return data
