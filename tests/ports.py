"""Ports of loopback for programs that do not take a free one by themselves."""

import socket
from secrets import randbelow

# Below those that the system gives to whoever asks for any: so nobody else gets it meanwhile, be it
# before a program takes it, or while that is restarted.
PORTS = range(15_000, 30_000)


def free_port() -> int:
    """Return a port at which nobody listens."""
    while True:
        port = PORTS[randbelow(len(PORTS))]
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) != 0:
                return port


def unused_port() -> int:
    """Return a port at which nobody will ever listen while the tests run."""
    kept = socket.socket()
    kept.bind(("127.0.0.1", 0))  # and not listening: who connects is refused at once
    port = int(kept.getsockname()[1])
    kept.detach()  # it is taken until this process ends
    return port
