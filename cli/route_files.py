"""Reads routes documents and judges them by the schema that the functions use."""

import json
from pathlib import Path

from cli.errors import CommandError, ExitCode
from cli.output import say
from interlock.adapters.schema_files import load_schema
from interlock.domain.contract import Contract
from interlock.domain.route import Route, parse_routes


def read_routes(name: str) -> tuple[Route, ...]:
    """Return the file's routes; raise CommandError, every violation told with line and column."""
    try:
        text = Path(name).read_text()
        document = json.loads(text)
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}", "name a file that can be read", code=ExitCode.USAGE) from error
    except ValueError as error:
        raise CommandError(f"{name}: not JSON: {error}", "mend it there", code=ExitCode.REJECTED) from error
    violations = Contract.of(load_schema("routes.v1")).violations(document)
    if violations:
        from cli.positions import positions

        places = positions(text)
        for one in violations:
            say(f"{':'.join(map(str, (name, *places.get(one.pointer, ()))))}: {one}")
        what = f"{name} breaks {len(violations)} rules of schemas/routes.v1.json"
        raise CommandError(what, "mend the lines above", code=ExitCode.REJECTED)
    return parse_routes(document)
