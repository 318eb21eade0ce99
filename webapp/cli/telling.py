"""How commands tell a refusal."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from workflows.errors import Refusal


@contextmanager
def refusals_told() -> Iterator[None]:
    """A refusal of the domain as one line and a failing exit status."""
    try:
        yield
    except Refusal as refused:
        fields = [text for texts in getattr(refused, "fields", {}).values() for text in texts]
        raise click.ClickException(" ".join([str(refused), *fields])) from refused
