"""Read YAML that a person wrote; the only door to yaml.

It is imported when there is YAML to be read: that takes a while, and many commands read none.
"""

from contextlib import suppress
from re import sub
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from .errors import DefinitionError

Where = tuple[str | int, ...]
# In C where it is there: what is nested deep would break the stack of its thread.
FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
SAFE_LENGTH = 4_000  # characters, in which indentation is not deep
NESTING = ("[", "{", "- ", ": ")
MOST_NESTED = 500
OTHERWISE = "\t?\ufeff"  # where it takes more than the other one does
MOST_PARTS = 1_000_000  # of a document
QUOTED = r"""(?s)['"].*['"]"""  # in the words of a parser: a part of the text


def parse_own(text: str, name: str) -> Any:
    """Read YAML of this plugin; raises DefinitionError, where name stands in the message."""
    try:
        return yaml.load(text, FAST)  # noqa: S506
    except (ValueError, yaml.YAMLError) as error:
        raise DefinitionError(f"{name}: {_one_line(error)}") from error


def parse_yaml(text: str, name: str) -> Any:
    """Read YAML that a person wrote, such as a settings file; name stands in the message.

    The message quotes nothing of the text, which may hold secrets, and has no cause that does.
    Refused too: what refers to itself, and aliases that stand for more than MOST_PARTS parts.
    """
    try:
        value = _loaded(text)
        parts = _size(value, {})
    except _MeantError as error:
        problem = f"{name}: {error}"
    except yaml.YAMLError as error:
        mark, said = (getattr(error, key, None) for key in ("problem_mark", "problem"))
        where = f"{name}: line {mark.line + 1}" if mark else name
        said = sub(QUOTED, "…", said) if isinstance(said, str) else "a character that YAML forbids"
        problem = f"{where}: not YAML: {said}; put texts with special characters in quotes"
    except RecursionError:
        problem = f"{name}: nested too deep, or in itself"
    except _MISTAKEN:
        problem = f"{name}: a value is not of the type that it looks like; put it in quotes"
    else:
        if parts <= MOST_PARTS:
            return value
        problem = f"{name}: its aliases stand for too much; write out what is meant"
    raise DefinitionError(problem)


class _MeantError(Exception):
    """What a key says is not what YAML reads."""


class _Meant(SafeConstructor):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if said := _truth(key):
                raise _MeantError(f"line {key.start_mark.line + 1}: {said}")
        return super().construct_mapping(node, deep)


# Of what stands for a type that it is not.
_MISTAKEN = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError)
_PLAIN, _IN_C = (type("Loader", (_Meant, base), {}) for base in (yaml.SafeLoader, FAST))


def _loaded(text: str) -> Any:
    """Read a short text by the parser in C; the other one has the words for what is refused."""
    shallow = len(text) <= SAFE_LENGTH and sum(map(text.count, NESTING)) <= MOST_NESTED
    if shallow and not any(sign in text for sign in OTHERWISE):
        with suppress(yaml.YAMLError, RecursionError, *_MISTAKEN):
            return _loaded_by(_IN_C, text)
    return _loaded_by(_PLAIN, text)


def _loaded_by(kind: Any, text: str) -> Any:
    loader = kind(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def _truth(key: yaml.Node) -> str:
    """Say of a key such as off that it is no text to YAML; "" when it may be one."""
    truths = yaml.SafeLoader.bool_values
    if key.tag != "tag:yaml.org,2002:bool" or str(key.value).lower() not in truths:
        return ""
    read_as = str(truths[key.value.lower()]).lower()
    return f"the key {key.value}: YAML reads it as {read_as}; put it in quotes to mean the word"


def _size(value: Any, known: dict[int, int]) -> int:
    """Count the parts of a value, those of an alias at each of its places."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        entries = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_size(entry, known) for entry in entries)
    return known[id(value)]


def parse_with_lines(text: str, name: str) -> tuple[Any, dict[Where, int]]:
    """Read YAML strictly and say on which line each key and item stands.

    Returns the value and {path: line}; a path is a tuple of keys and indexes, () is the whole.
    Refused: a key given twice, aliases (what they share cannot be named by one line), and what
    JSON has no word for, such as a date without quotes.
    """
    lines: dict[Where, int] = {}
    try:
        loader = yaml.SafeLoader(text)
        try:
            value = _value(loader, loader.get_single_node(), (), lines, set())
        finally:
            loader.dispose()
    except RecursionError as error:
        raise DefinitionError(f"{name}: nested too deep") from error
    except (ValueError, yaml.YAMLError) as error:
        raise DefinitionError(f"{name}: {_where(error)}") from error
    except (TypeError, AttributeError, LookupError, ArithmeticError) as error:
        raise DefinitionError(f"{name}: a value is not of the type that its tag says") from error
    return value, lines


def _value(
    loader: yaml.SafeLoader,
    node: yaml.Node | None,
    path: Where,
    lines: dict[Where, int],
    seen: set[int],
) -> Any:
    if node is None:
        return None
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if id(node) in seen:
        raise ValueError(f"line {line}: anchors and aliases are not supported; write it out")
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        return [
            _value(loader, item, (*path, index), lines, seen)
            for index, item in enumerate(node.value)
        ]
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, at = key_node.value, key_node.start_mark.line + 1
            if key_node.tag != "tag:yaml.org,2002:str":
                why = _truth(key_node) or "a key must be text; quote it"
                raise ValueError(f"line {at}: {why}")
            if key in mapping:
                raise ValueError(f"line {at}: the key {key!r} is given twice")
            lines[(*path, key)] = at
            mapping[key] = _value(loader, value_node, (*path, key), lines, seen)
        return mapping
    value = loader.construct_object(node)
    if value is not None and not isinstance(value, (str, int, float)):
        kind = type(value).__name__
        raise ValueError(f"line {line}: {node.value!r} is read as a {kind}; quote it")
    return value


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    if isinstance(error, yaml.MarkedYAMLError) and mark is not None:
        return f"line {mark.line + 1}: {error.problem or error.context}"
    return _one_line(error)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
