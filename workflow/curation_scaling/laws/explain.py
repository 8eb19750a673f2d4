"""A law in words: formula, source, what it reads, its parameters; `curation-scaling explain`, and docs/laws.md."""

from __future__ import annotations

import inspect
from dataclasses import replace

from curation_scaling.laws.registry import LAWS, law_named
from curation_scaling.laws.repetition_law import RepetitionLaw


def explain(name: str) -> str:
    """Markdown on one law.

    Raises:
        InputError: if there is no law of this name.
    """
    law = law_named(name)
    if isinstance(law, RepetitionLaw):
        law = replace(law, pools=("pool",))  # parameters of a pool stand for those of every pool
    lines = [f"## `{name}`", "", f"    {law.formula}", "", inspect.getdoc(type(law)) or "", ""]
    lines += [f"Reads: {', '.join(law.columns)}.", "", "| parameter | unit | bounds |", "|-|-|-|"]
    for parameter in law.parameters:
        between = f"{parameter.lower:g} to {parameter.upper:g}{_held(law.defaults.get(parameter.name))}"
        lines.append(f"| {parameter.name} | {parameter.unit} | {between} |")
    return "\n".join([*lines, ""])


def _held(constant: float | str | None) -> str:
    if constant is None:
        return ""
    where = f"tied to {constant}" if isinstance(constant, str) else f"fixed at {constant:g}"
    return f", {where} unless freed"


def explain_all() -> str:
    """Markdown on every law, in the order of the registry."""
    return "\n".join(explain(name) for name in LAWS)
