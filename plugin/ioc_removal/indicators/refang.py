"""Undo defanging: the ways in which reports keep a link from being clicked."""

import re

# "{.}" is left out on purpose: in real lists it is part of a URL more often than a defanged dot.
_BRACKETED = {
    "[.]": ".",
    "(.)": ".",
    "[dot]": ".",
    "(dot)": ".",
    "[:]": ":",
    "[/]": "/",
    "[://]": "://",
}
_CLOSING = re.compile(r"(?<=[\])])")
_SCHEME = re.compile(r"(?:(hxxp)|fxp)(?=s?://)", re.IGNORECASE).match


def refang(text: str) -> str:
    """Return the text trimmed, with "hxxp", "fxp", "[.]", "(.)", "[dot]", "[:]", "[://]" undone.

    The brackets of an IPv6 host, as in http://[2001:db8::1]/, stay: they are no defanging.
    """
    plain = text.strip()
    if "]" in plain or ")" in plain:
        dotted = plain.replace("[.]", ".")  # mostly that is all
        plain = _without_brackets(plain) if "]" in dotted or ")" in dotted else dotted
    found = _SCHEME(plain)
    if found is None:
        return plain
    return ("http" if found[1] else "ftp") + plain[found.end() :]


def _without_brackets(text: str) -> str:
    """Undo brackets from left to right in one pass, so that "[[dot]]" leaves nothing to undo."""
    done = ""
    for piece in _CLOSING.split(text):
        done += piece
        for defanged, plain in _BRACKETED.items():
            if done[-len(defanged) :].lower() == defanged:
                done = done[: -len(defanged)] + plain
                break
    return done
