"""Where things are, as a person names them: files, and servers."""

from errno import EINVAL, ENOENT
from os import fsencode
from pathlib import Path
from urllib.parse import urlsplit


def path_of(text: str) -> Path:
    """Return the path of a file, ~ being the home; raises OSError where there can be none."""
    try:
        if b"\0" in fsencode(text):
            raise OSError(EINVAL, "no path holds a null character")
        return Path(text).expanduser()
    except UnicodeEncodeError as error:
        raise OSError(EINVAL, "no path holds half of a surrogate pair") from error
    except RuntimeError as error:
        raise OSError(ENOENT, "there is no such home") from error


def is_address(text: str) -> bool:
    """Tell whether the host and the port of an address can be read."""
    try:
        parts = urlsplit(text)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
