"""A command that ended, done in this process: starting another one takes longer than most do."""

import json
import os
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from ioc_removal.cli import main


@dataclass(frozen=True)
class Ended:
    """A command that ended: its exit status, what it printed, and that as JSON."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def done(*words: str, folder: Path | None = None) -> Ended:
    """Do a command in this process; folder: where, if not here."""
    out, err, before = StringIO(), StringIO(), Path.cwd()
    os.chdir(folder or before)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            status = main(list(words))
    finally:
        os.chdir(before)
    assert "Traceback" not in err.getvalue()
    return Ended(status, out.getvalue(), err.getvalue())
