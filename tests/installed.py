"""What an installed plugin must do; test_packaging.py runs it where nothing else is installed."""

from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from sys import stdout
from tempfile import TemporaryDirectory

import ioc_removal
from ioc_removal.connection import Connection
from ioc_removal.integration import load_integration
from ioc_removal.operations.call import call_action
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import settings_from
from ioc_removal.store.database import Database
from ioc_removal.trust.terms import Terms

EXTRAS = {
    "croniter",
    "dbos",
    "fastjsonschema",
    "jinja2",
    "PIL",
    "prometheus_client",
    "psycopg",
    "rich",
    "shtab",
    "sqlalchemy",  # of dbos
}
HOSTS = {"CommonServerPython", "demistomock", "st2common"}  # what is there inside a host only


def import_everything() -> None:
    """Import every module, those aside that need an extra and say so."""
    for module in walk_packages(ioc_removal.__path__, "ioc_removal."):
        if module.name != "ioc_removal.__main__":
            try:
                import_module(module.name)
            except ModuleNotFoundError as error:
                if error.name not in EXTRAS | HOSTS:
                    raise


def remove_one(store: Path) -> None:
    """Plan a removal, then remove for real, from a CyberTrace of the sandbox."""
    integration = load_integration()
    arguments = {"supplier": "InternalTI", "indicators": ["192.0.2.10"]}
    with Sandbox() as sandbox:
        settings = settings_from(sandbox.settings(), "the sandbox")
        connection = Connection("cybertrace", settings, integration.systems["cybertrace"])
        action = integration.bind("cybertrace-indicators-delete", connection)
        database = Database(store)
        for dry_run in (True, False, False):
            record, _ = call_action(database, action, arguments, terms=Terms(dry_run=dry_run))
            [outcome] = record["outcomes"]
            said = f"{outcome['value']} {outcome['outcome']} {len(sandbox.requests)}"
            stdout.write(said + "\n")
        database.close()


if __name__ == "__main__":
    import_everything()
    with TemporaryDirectory() as folder:
        remove_one(Path(folder) / "store.db")
