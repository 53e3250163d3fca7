"""What is wrong with an entry of a list: that it can match nothing, or probably does not."""

import re

from ..indicators.addresses import judged_address, version_of
from ..indicators.typed import is_domain, split_url, type_of
from .forms import Forms

_EXPRESSION = re.compile(r"^(?:re|regexp?):|^\^|\\\.|\\[dsw][*+{]|\.\+(?:$|\\)|\(\?[:=!<iP]").search
_IPV4_LIKE = re.compile(r"[0-9]+(?:\.[0-9]*){3,}").fullmatch
_IPV6_LIKE = re.compile(r"\[?[0-9A-Fa-f.]*(?::[0-9A-Fa-f.]*){2,}\]?").fullmatch
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]").search
_SPACE = re.compile(r"\s").search


def mistake_in(text: str) -> str | None:
    """Say why an entry can match nothing; None when it may."""
    if not text:
        return "is empty"
    if _CONTROL(text):
        return "holds a control character"
    if not any(sign.isalnum() or sign in "*?:" for sign in text):
        return "names nothing"
    if _EXPRESSION(text):
        return "is a regular expression: write * for anything and ? for a character"
    return None


def mistake_in_value(forms: Forms) -> str | None:
    """Say why an entry that is no pattern and no range can match nothing; None when it may."""
    authority = split_url(forms.text)[1]
    if authority.count("[") != authority.count("]"):
        return "has a bracket without the other one"
    if forms.text[:1].isdigit() and "-" in forms.text:
        reason = (judged_address(forms.text) or ("", ""))[1]
        if reason:
            return f"{reason}, or a range as 192.0.2.0/24"
    numbers = _IPV4_LIKE(forms.text) and not forms.addresses
    if numbers or (_IPV6_LIKE(forms.text) and not version_of(forms.text.strip("[]"))):
        return "is no address: write it as 192.0.2.7 or 2001:db8::7"
    return None


def is_doubtful(forms: Forms) -> bool:
    """Tell whether an entry looks like no value, though something may be called so."""
    if _SPACE(forms.text):
        return True
    hosts = any(map(is_domain, forms.host)) or bool(forms.addresses)
    return not hosts and type_of(forms.text) is None
