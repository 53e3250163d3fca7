"""Write an export: the whole of it or nothing, and never over what is not one."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from ..errors import ArgumentError

MARK = ".ioc-removal-export.json"  # names the files of an export, with their hashes


def write_export(folder: Path, host: str, files: Mapping[str, bytes]) -> None:
    """Write files into a folder, which is new, empty, or holds an earlier export of the host.

    It is made beside the folder and moved there when it is whole. Raises ArgumentError, also when
    the earlier export was changed by hand: what somebody wrote is not lost.
    """
    _check(folder, host)
    new = Path()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        new = Path(mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        for path, content in files.items():
            file = new / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        hashes = {path: sha256(content).hexdigest() for path, content in files.items()}
        mark = json.dumps({"host": host, "files": hashes}, indent=1)
        (new / MARK).write_text(mark, encoding="utf-8")
        new.chmod(0o755)
        _replace(folder, new)
    except OSError as error:
        raise ArgumentError(f"--out {folder}: cannot be written: {error.strerror}") from error
    finally:
        if new.name:
            rmtree(new, ignore_errors=True)


def _replace(folder: Path, new: Path) -> None:
    """Put a whole export where a folder is; after an interruption one of the two is there."""
    if not folder.exists():
        new.rename(folder)
        return
    old = Path(mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
    try:
        folder.rename(old / folder.name)
        try:
            new.rename(folder)
        except BaseException:
            (old / folder.name).rename(folder)
            raise
    finally:
        rmtree(old, ignore_errors=True)


def _check(folder: Path, host: str) -> None:
    """Refuse a folder that holds anything but an export of this host, as it was made."""
    try:
        if not folder.exists() and not folder.is_symlink():
            return
        if not folder.is_dir() or folder.is_symlink():
            raise ArgumentError(f"--out {folder}: it is no folder")
        there = {str(f.relative_to(folder)): f for f in folder.rglob("*") if not f.is_dir()}
        if not there:
            return
        if MARK not in there:
            raise ArgumentError(f"--out {folder}: it is not empty, and no earlier export")
        mark = json.loads(there.pop(MARK).read_text(encoding="utf-8"))
        if mark["host"] != host:
            raise ArgumentError(f"--out {folder}: it holds an export for {mark['host']}")
        changed = [
            path for path, file in sorted(there.items())
            if mark["files"].get(path) != sha256(file.read_bytes()).hexdigest()
        ]  # fmt: skip
    except OSError as error:
        raise ArgumentError(f"--out {folder}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArgumentError(
            f"--out {folder}: its {MARK} is damaged; name another folder"
        ) from error
    if changed:
        raise ArgumentError(
            f"--out {folder}: {changed[0]} was changed or added since it was exported; move it "
            "away, or name another folder"
        )
