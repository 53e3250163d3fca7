"""Run playbooks durably: the door to DBOS, with workflows.py, conducting.py and conducted.py.

A run is a workflow whose id is the run's. A read is a step, and so are the batches of a removal,
whatever processes perform their chunks (sharing.py). The executor's id is the run's id; the run is
a part of the application's version too, as DBOS puts what it goes on with into a queue that every
process of that version listens to. So two processes on one store never take each other's work.
"""

import logging
from collections.abc import Mapping
from sys import version_info
from time import monotonic, sleep
from typing import Any

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID, WorkflowHandle
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from ..errors import RunError, SettingsError, StoreError
from ..store.database import Database
from ..store.engine_place import SCHEMA, engine_file
from ..store.location import Server
from ..store.sqlite import VERSION_INFO, own_file
from .conducting import POLLING, Conducting
from .model import Playbook
from .performing import Performing
from .workflows import Workflows

# Of the order of steps: raised when it changes, so that no run is replayed differently.
REPLAY_VERSION = "7"
SUCCESS = "SUCCESS"
WRECKED = frozenset({"ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED", "CANCELLED"})
FINAL = WRECKED | {SUCCESS}
MOMENT = 0.005  # seconds
POOL = 10  # connections to PostgreSQL
LONGEST = 30.0  # seconds that DBOS may take to keep how a run ended

# Without a handler DBOS adds one that writes to standard error.
logging.getLogger("dbos").addHandler(logging.NullHandler())


class OtherVersionError(RunError):
    """Another version of this program began the run, and alone can go on with it."""


class Engine:
    """DBOS in this process, for one run.

    playbooks: the run's own, under its name, and those that it runs; performing: its calls.
    """

    def __init__(self, performing: Performing, playbooks: Mapping[str, Playbook]) -> None:
        self._shared = Conducting(performing, playbooks)

    def execute(self, name: str, inputs: Mapping[str, Any], turn: int = 1) -> dict[str, Any]:
        """Run a playbook, or go on with one that was begun, and return how it ended.

        inputs: of the run, the same each time; turn: how often it began, as a run that asks ends
        its workflow, and begins another when somebody decided. Returns {status, output, errors},
        {waiting: NAME of the ask}, or {cancelled: True}. Raises RunError when a run that was begun
        cannot go on; OtherVersionError, and StoreError when the store fails: then the run has not
        ended, and can go on.
        """
        database, run = self._shared.database, self._shared.run
        config = _config(database, run)
        DBOS(config=config)
        try:
            return self._execute(name, inputs, run if turn == 1 else f"{run}~{turn}")
        except DBAPIError as error:
            raise self._shared.halting.meaning(error) from error
        finally:
            DBOS.destroy(destroy_registry=True)
            if engine := config.get("system_database_engine"):
                engine.dispose()

    def _execute(self, name: str, inputs: Mapping[str, Any], workflow: str) -> dict[str, Any]:
        workflows = Workflows(self._shared, inputs)
        DBOS.listen_queues([])
        DBOS.launch()
        if status := DBOS.get_workflow_status(workflow):
            _check_replay(self._shared.run, status.status, status.app_version)
            handle: WorkflowHandle[dict[str, Any]] = DBOS.retrieve_workflow(workflow)
            if status.status == SUCCESS:
                return handle.get_result()
        else:
            with SetWorkflowID(workflow):
                handle = DBOS.start_workflow(workflows.playbook, name)
        self._shared.halting.wait()
        end = monotonic() + LONGEST
        while handle.get_status().status not in FINAL:
            if monotonic() > end:
                raise StoreError(
                    f"the store {self._shared.database.location} did not keep how the run ended"
                )
            sleep(MOMENT)
        return handle.get_result()


def check_engine(database: Database) -> None:
    """Refuse a Python with whose SQLite DBOS 3.4 cannot keep its steps; raises SettingsError."""
    if isinstance(database.location, Server):
        return
    if version_info >= (3, 12) and VERSION_INFO < (3, 42):
        has = ".".join(map(str, VERSION_INFO))
        raise SettingsError(
            f"playbooks need SQLite 3.42 with Python 3.12 and later, this one has {has}: "
            "use Python 3.11 or 3.10, a newer SQLite, or a store on PostgreSQL"
        )


def _check_replay(run: str, status: str, version: str | None) -> None:
    """Refuse a run whose steps cannot be followed again; raises RunError."""
    if status in WRECKED:
        raise RunError(
            f"the run {run} was stopped by an internal error and cannot go on: start it anew, "
            "what it removed is then absent"
        )
    replay = (version or "").partition(".")[0]
    if replay != REPLAY_VERSION and status != SUCCESS:
        raise OtherVersionError(
            f"the run {run} was begun by another version of this program ({replay}, this is "
            f"{REPLAY_VERSION}): go on with that one, or start it anew"
        )


def _place(database: Database) -> DBOSConfig:
    """Return where DBOS keeps the steps: in a file beside the store, or a schema beside its."""
    store = database.location
    if isinstance(store, Server):
        # A connection is made as the store makes its own: of its URL nothing is read here.
        engine = create_engine(
            "postgresql+psycopg://", creator=database.session, pool_size=POOL, pool_pre_ping=True
        )
        return {"system_database_engine": engine, "dbos_system_schema": SCHEMA}
    file = engine_file(store)
    own_file(file)
    return {"system_database_url": f"sqlite:///{file}"}


def _config(database: Database, run: str) -> DBOSConfig:
    return {
        **_place(database),
        "name": "ioc-removal",
        "executor_id": run,
        "application_version": f"{REPLAY_VERSION}.{run}",
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "CRITICAL",
        "notification_listener_polling_interval_sec": POLLING,
        "use_listen_notify": False,
    }
