"""The one type in which secrets live: whatever prints it, prints a mask."""

MASKED = "***"


class Secret:
    """A password, key or token that shows itself only to reveal()."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret itself, for the one place that sends it."""
        return self._text

    def __repr__(self) -> str:
        return MASKED

    __str__ = __repr__


class MaskedText(str):
    """A secret where a library must have a text: it is one, but its repr is a mask."""

    __slots__ = ()

    def __repr__(self) -> str:
        return MASKED
