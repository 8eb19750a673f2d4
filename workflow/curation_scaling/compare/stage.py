"""The stage that compares finished studies: it reads their artifacts and writes tables of its own beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from curation_scaling.artifacts_compare import COMPARED
from curation_scaling.compare.fit_side import fit_side
from curation_scaling.compare.side import Side
from curation_scaling.compare.sides import Compared, compare_sides
from curation_scaling.compare.study_side import study_side
from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.store import digest, verify, write
from curation_scaling.study import Rerun, Study, load_study

FOLDER = "_compare"  # no study can be called so: names begin with a letter or digit
LONGEST = 200  # of a folder's name


def read_sides(names: Sequence[str], results: Path) -> list[Side]:
    """Sides by name: `study`, `study:pool` of a study, or `study:fit` of a rerun, finished below `results`.

    Raises:
        InputError: for the first that is not finished or names nothing.
    """
    return [_side(name, results) for name in names]


def _side(name: str, results: Path) -> Side:
    study_name, _, part = name.partition(":")
    layout = Layout(results / study_name)
    if not study_name or Path(study_name).name != study_name or not layout.study.is_file():
        raise InputError(f"{name!r} names no finished study below {results}: run that study first")
    study = load_study(layout.study)
    if isinstance(study, Rerun):
        return fit_side(name, study, layout, part)
    if not isinstance(study, Study):
        raise InputError(f"study {study.study} ends at its pools: there are no runs to compare")
    return study_side(name, study, layout, part)


def compare_studies(names: Sequence[str], results: Path, budgets: Sequence[float] = ()) -> tuple[Compared, Path]:
    """Compare finished studies and write every table of the comparison.

    Returns:
        The comparison, and its folder: `results/_compare/<first>+<second>`, a dot for the colon of a name.

    Raises:
        InputError: if a study is not finished, or if they share no unit, metric or range of budgets.
    """
    compared = compare_sides(read_sides(names, results), budgets)
    label = "+".join(name.replace(":", ".") for name in names)
    if len(label) > LONGEST:
        raise InputError(f"the names together have {len(label)} characters, {LONGEST} can name a folder: compare fewer")
    root = results / FOLDER / label
    inputs = digest({"sides": list(names), "budgets": list(budgets)}, [verify(p) for p in _read(names, results)])
    for schema in COMPARED:
        frame = getattr(compared, schema.name.removeprefix("compare/"))
        write(root / f"{schema.name.removeprefix('compare/')}.parquet", schema, frame, study=label, inputs=inputs)
    return compared, root


def _read(names: Sequence[str], results: Path) -> list[Path]:
    """The artifacts that the comparison has read."""
    found = []
    for name in names:
        layout = Layout(results / name.partition(":")[0])
        if layout.points.is_file():
            found.append(layout.points)
        else:
            found += [layout.runs, *(layout.law(part) for part in ("fits", "draws", "comparison"))]
    return found
