"""Where things are, as a person names them: files, and servers."""

from errno import EINVAL, ENOENT
from pathlib import Path
from urllib.parse import urlsplit


def path_of(text: str) -> Path:
    """Return the path of a file, ~ being the home; raises OSError where there can be none."""
    if "\0" in text:
        raise OSError(EINVAL, "no path holds a null character")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise OSError(ENOENT, "there is no such home") from error


def is_address(text: str) -> bool:
    """Tell whether the host and the port of an address can be read."""
    try:
        parts = urlsplit(text)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
