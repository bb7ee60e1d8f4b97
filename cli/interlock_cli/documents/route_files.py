"""Reads routes documents and judges them by the schema that the functions use."""

import json
from pathlib import Path

from interlock.domain.requests.routes import Route, parse_routes
from interlock.domain.requests.schema_validation import SchemaValidator
from interlock.schema_files import load_schema
from interlock_cli.errors import CommandError, ExitCode
from interlock_cli.views.output import say


def read_routes(name: str) -> tuple[Route, ...]:
    """Return the file's routes; raise CommandError, every violation told with line and column."""
    try:
        text = Path(name).read_text()
        document = json.loads(text)
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}", "name a file that can be read", code=ExitCode.USAGE) from error
    except ValueError as error:
        raise CommandError(f"{name}: not JSON: {error}", "mend it there", code=ExitCode.REJECTED) from error
    violations = SchemaValidator.of(load_schema("routes.v1")).violations(document)
    if violations:
        from interlock_cli.documents.source_positions import positions

        places = positions(text)
        for one in violations:
            say(f"{':'.join(map(str, (name, *places.get(one.pointer, ()))))}: {one}")
        what = f"{name} breaks {len(violations)} rules of schemas/routes.v1.json"
        raise CommandError(what, "mend the lines above", code=ExitCode.REJECTED)
    return parse_routes(document)
