"""One listening port that answers as CyberTrace, SecMaster, WAF and IAM, and remembers."""

from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from ..errors import ArgumentError
from .certificates import Certificates
from .control import control
from .exchange import Answer, Request
from .seed import merged
from .server import Listener
from .settings import settings_for
from .systems import Systems


class Sandbox:
    """Stand-ins for the three systems and IAM, listening on 127.0.0.1 while the context lasts.

    seed: what the systems hold (examples/sandbox-seed.yml shows every key); a key that is left
    out is filled from that example. port: 0 takes a free one. tls: speak HTTPS, with a
    certificate made for this sandbox. client_certificate: demand one of clients, too.
    certificates: the path and how the names begin of the PEM files that clients need; without
    it, they are in a private folder while the sandbox listens.
    """

    def __init__(
        self,
        seed: Mapping[str, Any] | None = None,
        port: int = 0,
        *,
        tls: bool = False,
        client_certificate: bool = False,
        certificates: Path | None = None,
    ) -> None:
        self.seed = merged(seed or {})
        self._port = port
        self._lock = Lock()
        self._listener: Listener | None = None
        self._systems = Systems(self.seed)
        self._certificates: Certificates | None = None
        self._files: Mapping[str, str] = {}
        if tls or client_certificate:
            self._certificates = Certificates(certificates, client=client_certificate)

    def __enter__(self) -> "Sandbox":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to listen."""
        context = self._certificates.context if self._certificates else None
        try:
            self._listener = Listener(self._port, self._answer, context)
        except (OSError, OverflowError) as error:
            raise ArgumentError(
                f"port {self._port}: cannot listen on 127.0.0.1: {error}"
            ) from error
        self._port = int(self._listener.server_address[1])
        self._listener.start()
        if self._certificates is not None:
            try:
                self._files = self._certificates.write()
            except BaseException:
                self.stop()
                raise

    def stop(self) -> None:
        """Stop listening; requests, state and settings can still be read."""
        if self._listener is not None:
            self._listener.stop()
            self._listener = None
        if self._certificates is not None:
            self._certificates.close()

    @property
    def url(self) -> str:
        """The address of all systems."""
        return f"{'https' if self._certificates else 'http'}://127.0.0.1:{self._port}"

    @property
    def fingerprint(self) -> str | None:
        """The SHA-256 of the server's certificate, None without TLS."""
        return self._certificates.fingerprint if self._certificates else None

    @property
    def requests(self) -> list[dict[str, Any]]:
        """What was asked so far, in order.

        Each has the status of its answer (None when there was none), whether the system acted
        and the status that it gave itself (system_status), and the number of the fault that
        struck the request.
        """
        with self._lock:
            return [dict(row) for row in self._systems.requests]

    def state(self) -> dict[str, Any]:
        """Return what the systems hold now, whatever they answered."""
        with self._lock:
            return self._systems.state()

    def reset(self) -> None:
        """Go back to the seed, its faults too, and forget the requests and issued tokens."""
        with self._lock:
            self._systems = Systems(self.seed)

    def misbehave(self, **fault: Any) -> int:
        """Add a fault (examples/sandbox-faults.yml shows every key); return its number."""
        with self._lock:
            return self._systems.faults.add(fault)[0]

    @property
    def faults(self) -> list[dict[str, Any]]:
        """Every fault with its number, how often it struck and still can."""
        with self._lock:
            return self._systems.faults.rows()

    def behave(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._systems.faults.clear()

    def expire_tokens(self) -> None:
        """Let every token that IAM issued expire now."""
        with self._lock:
            self._systems.iam.expire_tokens()

    def settings(self, huawei: str | None = None) -> dict[str, Any]:
        """Return settings for the plugin with credentials that this sandbox accepts.

        huawei: aksk, iam_token or iam_password; without it, the first credential of the seed.
        """
        return settings_for(self.seed, self.url, huawei, self._files)

    def _answer(self, request: Request) -> Answer:
        if request.path[:1] == ["sandbox"]:
            return control(self, request)
        with self._lock:
            answer, late = self._systems.answer(request), self._systems.late
            while late:
                Thread(target=self._act, args=late.pop(), daemon=True).start()
            return answer

    def _act(self, seconds: float, act: Callable[[], None]) -> None:
        """Let a system act later, unless the sandbox stops before."""
        listener = self._listener
        if listener is not None and not listener.stopping.wait(seconds):
            with self._lock:
                act()
