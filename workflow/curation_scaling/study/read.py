"""Study files as data: small, without code, and never larger in memory than they look."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

from curation_scaling.errors import InputError

MAX_BYTES = 1_000_000
MAX_VALUES = 50_000  # each alias (`*name`) counts as all that it stands for
MAX_DEPTH = 50
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same YAML; libyaml reads it ten times faster


def read_content(path: Path) -> Any:
    """The content of a study file (YAML, or JSON, which is YAML).

    Raises:
        InputError: if it cannot be read, is too large, is not YAML, or refers to itself.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise InputError(f"{path} is larger than {MAX_BYTES:,} bytes: a study names its data files, it holds none")
        text = content.decode("utf-8")
        _check_events(text, str(path))
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            check_extent(node, _nodes, str(path))
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except FileNotFoundError:
        raise InputError(f"{path} is missing: name an existing study file") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): name a study file") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not text in UTF-8: name a study file") from None
    except (KeyError, IndexError, AttributeError, TypeError) as error:  # of a value that its tag contradicts
        raise InputError(f"{path} holds a value that is not what its tag says ({error}): mend the file") from None
    except InputError:
        raise
    except ValueError as error:  # of a number or a date
        raise InputError(f"{path} holds a value that cannot be read ({error}): mend the file") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path} is not YAML{_place(error)}: mend the file") from None


def _check_events(text: str, where: str) -> None:
    """Count and measure before anything recurses into the file: libyaml's reader would overflow the stack."""
    depth = values = 0
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        values += isinstance(event, yaml.ScalarEvent)
        if depth > MAX_DEPTH:
            raise InputError(_too_deep(where))
        if values > MAX_VALUES:
            raise InputError(_too_many(where))


def check_extent(root: Any, inside: Callable[[Any], Iterable[Any]], where: str) -> None:
    """Hold a tree with shared parts to MAX_VALUES and MAX_DEPTH, in time that grows with its parts, not with its size.

    Raises:
        InputError: if it is too large or too deep, or contains itself.
    """
    extents: dict[int, int] = {}
    depths: dict[int, int] = {}
    above: set[int] = set()
    waiting: list[tuple[Any, list[Any] | None]] = [(root, None)]
    while waiting:
        node, children = waiting.pop()
        if children is None:
            if id(node) in extents:
                continue
            if id(node) in above:
                raise InputError(f"{where}: the file refers to itself: write each mapping once")
            children = list(inside(node))
            if children:
                above.add(id(node))
                waiting.append((node, children))
                waiting += [(child, None) for child in children]
                continue
        above.discard(id(node))
        extents[id(node)] = 1 + sum(extents[id(child)] for child in children)
        depths[id(node)] = 1 + max((depths[id(child)] for child in children), default=0)
        if extents[id(node)] > MAX_VALUES:
            raise InputError(_too_many(where))
        if depths[id(node)] > MAX_DEPTH:
            raise InputError(_too_deep(where))


def values_inside(value: Any) -> Iterable[Any]:
    """Keys and values of a mapping, or the values of a list."""
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list | tuple) else ()


def _nodes(node: Any) -> Iterable[Any]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else ()


def _too_many(where: str) -> str:
    return f"{where} stands for more than {MAX_VALUES:,} values: a study names its data files"


def _too_deep(where: str) -> str:
    return f"{where} nests more than {MAX_DEPTH} levels: a study needs fewer"


def _place(error: yaml.YAMLError) -> str:
    """Where YAML stopped, and why."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    if mark is None:
        return f" ({getattr(error, 'reason', 'no text')})"
    return f" (line {mark.line + 1}, column {mark.column + 1}: {problem})"
