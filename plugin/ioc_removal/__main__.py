"""`ioc-removal` and `python -m ioc_removal`: the command, which a signal ends in one line."""

import gc
import os
import signal
import sys
import threading

OFTEN = 50_000  # objects between two looks for what refers to itself; few do


def start() -> int:
    """Run the command and return its exit status; SIGTERM ends it as Ctrl-C does."""
    gc.disable()  # what is imported stays
    try:
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        from .cli import main  # takes its time, and Ctrl-C may come meanwhile
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted; nothing was sent\n")
        return 130
    gc.freeze()
    gc.enable()
    gc.set_threshold(OFTEN)
    status = main()
    if threading.active_count() > 1:  # of a run that was cut short: they would be waited for
        os._exit(status)
    gc.freeze()  # else all that is there would be looked through once more at the end
    return status


if __name__ == "__main__":
    sys.exit(start())
