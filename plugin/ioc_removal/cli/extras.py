"""What is installed only on demand."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import SettingsError

EXTRAS = {
    "rich": "cli",
    "shtab": "cli",
    "PIL": "hosts",
    "fastjsonschema": "hosts",
    "croniter": "playbooks",
    "dbos": "playbooks",
    "jinja2": "playbooks",
    "prometheus_client": "metrics",
    "trustme": "sandbox",
}


@contextmanager
def needed_by(command: str) -> Iterator[None]:
    """Name the extra that a command needs when it is not installed, for imports in this block."""
    try:
        yield
    except ModuleNotFoundError as error:
        extra = EXTRAS.get((error.name or "").split(".")[0])
        if extra is None:
            raise
        raise SettingsError(
            f"{command} needs the extra {extra}: pip install 'ioc-removal[{extra}]'"
        ) from error
