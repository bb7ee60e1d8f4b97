"""Opens a message in the user's editor."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from interlock_cli.errors import CommandError


def edit_message(data: bytes) -> bytes:
    """Return the message as the user left it in $VISUAL or $EDITOR; JSON is indented first.

    The file has a folder of its own, so that an editor's backup copy, which may hold credentials, goes with it.
    """
    with TemporaryDirectory() as folder:
        file = Path(folder) / "message.json"
        file.write_bytes(_indented(data))
        try:
            click.edit(filename=str(file))
        except (click.ClickException, ValueError) as error:  # ValueError: a quote in $EDITOR that nothing closes
            raise CommandError(f"the editor failed: {error}", "set EDITOR to one that works") from error
        return file.read_bytes()


def _indented(data: bytes) -> bytes:
    try:
        return json.dumps(json.loads(data), indent=2, ensure_ascii=False).encode()
    except ValueError:
        return data
