"""`ioc-removal` and `python -m ioc_removal`: the command, which Ctrl-C ends in one line."""

import os
import sys
import threading


def start() -> int:
    """Run the command and return its exit status."""
    try:
        from .cli import main  # takes its time, and Ctrl-C may come meanwhile
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted; nothing was sent\n")
        return 130
    status = main()
    if threading.active_count() > 1:  # of a run that was cut short: they would be waited for
        os._exit(status)
    return status


if __name__ == "__main__":
    sys.exit(start())
