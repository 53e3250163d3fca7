"""A call imports nothing that it does not need, and says which extra another command lacks."""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from processes import Program, program, remove, sandbox

__all__ = ["program", "sandbox"]


@pytest.mark.parametrize("name", ["rich", "shtab", "dbos", "jinja2", "trustme"])
def test_a_call_needs_no_extra(name: str, program: Program, tmp_path: Path) -> None:
    (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError('no', name={name!r})\n")
    program.environment["PYTHONPATH"] = os.pathsep.join(
        [str(tmp_path), *filter(None, [program.environment.get("PYTHONPATH")])]
    )
    assert "1 of 1 done: 1 removed" in program.on_a_terminal(*remove("192.0.2.10"))
    command, extra = {
        "shtab": (("completion", "bash"), "cli"),
        "dbos": (("demo",), "playbooks"),
        "jinja2": (("run", "x"), "playbooks"),
        "trustme": (("sandbox", "--tls"), "sandbox"),
    }.get(name, (("actions",), None))
    status, _, err = program.run(*command)
    assert status == (2 if extra else 0)
    assert extra is None or f"pip install 'ioc-removal[{extra}]'" in err


# What makes data classes; the names of Windows' users; then ours, for what few calls do or meet.
NOT_OF_A_CALL = {
    *("dataclasses", "inspect", "ast", "getpass", "encodings.ascii"),
    *(f"ioc_removal.cli.{name}" for name in ("told_file", "waiting")),
    *(f"ioc_removal.operations.{name}" for name in ("inputs", "plan_text")),
    *(f"ioc_removal.store.{name}" for name in ("sqlite_schema", "tables", "trust_tables")),
    *(f"ioc_removal.store.{name}" for name in ("chunks", "lineage", "pruned")),
    *(f"ioc_removal.store.{name}" for name in ("requests", "run_list", "set_digest")),
    *(f"ioc_removal.store.{name}" for name in ("shared_places", "unfinished")),
    *(f"ioc_removal.trust.{name}" for name in ("entries", "glances", "guarded_items")),
    *(f"ioc_removal.trust.{name}" for name in ("plain_rows", "restoring")),
    *(f"ioc_removal.{name}" for name in ("adding", "bisection", "handlers.restorings", "iam")),
    *(f"ioc_removal.{name}" for name in ("iam_login", "indicators.seen", "regions")),
    *(f"ioc_removal.handlers.{name}" for name in ("secmaster_search", "secmaster_listing")),
    *(f"ioc_removal.{name}" for name in ("settling", "signature", "token_cache", "unanswered")),
}


def test_a_call_imports_nothing_that_it_does_not_need(program: Program) -> None:
    assert program.run(*remove("192.0.2.10"))[0] == 0  # the store is made
    program.environment["PYTHONPROFILEIMPORTTIME"] = "1"
    status, _, err = program.run(*remove("malware.example"))
    imported = {line.rpartition("|")[2].strip() for line in err.splitlines()}
    assert status == 0
    assert "ioc_removal.outcome" in imported
    assert sorted(imported & NOT_OF_A_CALL) == []
    assert all(map(find_spec, NOT_OF_A_CALL))
