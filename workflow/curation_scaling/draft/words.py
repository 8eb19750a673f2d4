"""Pieces of a study file as text: YAML that a person reads, with a comment beside what was guessed."""

from __future__ import annotations

import json
import re

_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./ -]*")
_WORDS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
QUESTION = "QUESTION:"


def scalar(value: str | int | float) -> str:
    """A value as YAML: text in quotes wherever it could be read as anything else."""
    if not isinstance(value, str):
        return number(value)
    plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS and not value.endswith(" ")
    return value if plain else json.dumps(value, ensure_ascii=False)


def number(value: float) -> str:
    """A count that keeps every digit."""
    return str(int(value)) if float(value).is_integer() else repr(value)


def numbers(values: list[float]) -> str:
    """A list of numbers on one line."""
    return f"[{', '.join(number(v) for v in values)}]"


def ask(line: str, question: str) -> str:
    """A line with a question beside it."""
    return f"{line} # {QUESTION} {question}"


def title(name: str, what: str) -> str:
    """The head of every draft."""
    return (
        f"# Drafted by `curation-scaling new` from {json.dumps(what, ensure_ascii=False)}. Lines with {QUESTION}\n"
        "# hold a guess: look at each. Every key: config/README.md. Plan: curation-scaling check FILE.\n"
        f"study: {scalar(name)}"
    )
