"""Reads routes documents and judges them by the schema that the functions use."""

import json
from pathlib import Path

from interlock.domain.requests.routes import Route, parse_routes
from interlock.domain.requests.schema_validation import SchemaValidator
from interlock.schema_files import load_schema
from interlock_cli.errors import CommandError, ExitCode


def read_routes(name: str) -> tuple[Route, ...]:
    """Return the file's routes; raise CommandError, which gives each violation with its line and column."""
    try:
        text = Path(name).read_text()
        document = json.loads(text)
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}", "name a file that can be read", code=ExitCode.USAGE) from error
    except ValueError as error:
        raise CommandError(f"{name}: not JSON: {error}", "mend it there", code=ExitCode.REJECTED) from error
    violations = SchemaValidator.of(load_schema("routes.v1")).violations(document)
    if violations:
        from interlock_cli.documents.source_positions import source_positions

        positions = source_positions(text)
        lines = [f"{':'.join(map(str, (name, *positions.get(one.pointer, ()))))}: {one}" for one in violations]
        what = f"{name} breaks {len(violations)} rules of schemas/routes.v1.json"
        raise CommandError(what, "mend the lines above", code=ExitCode.REJECTED, details=lines)
    return parse_routes(document)
