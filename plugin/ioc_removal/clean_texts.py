"""Judge the texts of a list at once: one by one they take several times as long."""

from collections.abc import Callable, Sequence
from typing import Any

# As schemas refuse it: a control character, or nothing but spaces.
UNCLEAN = {"pattern": r"[\x00-\x1f\x7f]|^ *$"}
CONTROLS = bytes((*range(32), 127))
JUDGED = frozenset({"type", "minLength", "maxLength", "not"})
TEXTS_AT_ONCE = 500  # texts, which stay near a processor while they are looked at a few times


def judge_of_texts(schema: Any) -> Callable[[Any], bool] | None:
    """Return what judges a list by the schema of its items: whether it surely takes all.

    None for a schema that asks for more than texts that are not too long, nor UNCLEAN.
    """
    said = {} if isinstance(schema, bool) else schema
    more = {name for name in said.keys() - JUDGED if not name.startswith("x-")}
    unlike = said.get("not", UNCLEAN) != UNCLEAN or said.get("minLength", 0) > 1
    if said.get("type") != "string" or unlike or more - {"description"}:
        return None
    longest: int | None = said.get("maxLength")

    def judge(value: Any) -> bool:
        portions = (value[at : at + TEXTS_AT_ONCE] for at in range(0, len(value), TEXTS_AT_ONCE))
        return isinstance(value, list) and all(_are_clean(texts, longest) for texts in portions)

    return judge


def _are_clean(texts: Sequence[str], longest: int | None) -> bool:
    """Tell whether all are texts that UTF-8 carries, not blank and without control characters."""
    try:
        data = "".join(texts).encode()
    except (TypeError, UnicodeEncodeError):
        return False
    clean = len(data.translate(None, CONTROLS)) == len(data) and all(map(str.strip, texts))
    return clean and (longest is None or max(map(len, texts)) <= longest)
