"""A run outlives its database: PostgreSQL is restarted in the middle of it."""

import time
from collections import Counter
from pathlib import Path

import pytest

from ioc_removal.sandbox import Sandbox
from ioc_removal.store.location import server_of
from killing import Program, deletions, expect_all_gone, sandbox
from postgresql import PostgreSQLServer

__all__ = ["sandbox"]


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_run_outlives_a_restart(
    sandbox: Sandbox, own: PostgreSQLServer, tmp_path: Path, mode: str
) -> None:
    program = Program(sandbox, tmp_path, store=server_of(own.database()))
    process = program.run()
    for count in (2, 8):  # in either system
        while len(deletions(sandbox)) < count:
            assert process.poll() is None, process.communicate()
            time.sleep(0.002)
        own.stop(mode)
        own.start()
    record = program.record(process)
    assert set(Counter(deletions(sandbox)).values()) == {1}, "what was sent was sent again"
    expect_all_gone(sandbox, record)
