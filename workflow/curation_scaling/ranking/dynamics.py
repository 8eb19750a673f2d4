"""Training dynamics: what models said of each sample at each epoch, from our scorer or from the user's own training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.errors import InputError, listed
from curation_scaling.foreign import read_parquet, reading
from curation_scaling.pools.sources.table import with_uids

Array = npt.NDArray[np.float32]
STATISTICS = ("p_label", "correct", "margin", "feature_norm")


@dataclass(frozen=True)
class Dynamics:
    """Logits or statistics of m models at e epochs on n samples; samples are in the order of their uids.

    labels (n,), below `classes`. logits (m, e, n, classes), or None where only statistics were recorded. p_label,
    correct, margin (m, e, n): probability of the label, whether it was the answer, its logit minus the largest other.
    feature_norm (m, e, n): norm of the last hidden layer. trained (m, n): which model trained on which sample.
    """

    uid_hi: npt.NDArray[np.uint64]
    uid_lo: npt.NDArray[np.uint64]
    labels: npt.NDArray[np.int64]
    epochs: tuple[int, ...]
    logits: Array | None
    given: dict[str, Array]
    trained: npt.NDArray[np.bool_]

    @property
    def models(self) -> int:
        """Number of models."""
        return len(self.trained)

    def probabilities(self, epoch: int | None = None) -> Array:
        """Softmax of the logits at one epoch (default: the last): (m, n, classes)."""
        if self.logits is None:
            raise InputError("the dynamics hold statistics only, but the metric needs logits: record them, one a class")
        return _softmax(self.logits[:, self._at(epoch)])

    def statistic(self, name: str, epoch: int | None = None) -> Array:
        """A statistic at one epoch (default: the last), (m, n)."""
        return self.statistics(name)[:, self._at(epoch)]

    def statistics(self, name: str) -> Array:
        """A statistic at all epochs, (m, e, n)."""
        if name in self.given:
            return self.given[name]
        if name == "feature_norm" or self.logits is None:
            raise InputError(f"the dynamics lack {name!r}, which the metric needs: record it as a column of that name")
        return self._derived[name]

    @cached_property
    def _derived(self) -> dict[str, Array]:
        assert self.logits is not None
        own = np.take_along_axis(self.logits, self.labels[None, None, :, None], axis=-1)[..., 0]
        others = self.logits.copy()
        np.put_along_axis(others, self.labels[None, None, :, None], -np.inf, axis=-1)
        margin = own - others.max(axis=-1)
        others = self.logits - self.logits.max(axis=-1, keepdims=True)
        total = np.exp(others, out=others).sum(axis=-1)
        p_label = np.exp(own - self.logits.max(axis=-1)) / total
        # The first of equal logits is the answer, as of any argmax.
        correct = (self.logits.argmax(axis=-1) == self.labels).astype(np.float32)
        return {"p_label": p_label, "correct": correct, "margin": margin}

    def _at(self, epoch: int | None) -> int:
        if epoch is None:
            return len(self.epochs) - 1
        if epoch not in self.epochs:
            known = ", ".join(map(str, self.epochs))
            raise InputError(f"epoch {epoch} was not recorded: choose one of {known}")
        return self.epochs.index(epoch)


def _softmax(logits: Array) -> Array:
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def read_dynamics(paths: Sequence[Path], *, classes: int | None = None) -> Dynamics:
    """Read Parquet files with a row a sample, epoch and model.

    Columns: uid_hi and uid_lo, or `uid` (text); epoch; label; `logits` (a list of numbers) or any of p_label, correct,
    margin; and, optionally, feature_norm, model (default 0) and trained (default true).

    Raises:
        InputError: if a file is missing or damaged, a column lacks or is of another kind, a number is not finite, a
            label is out of range, or a sample lacks an epoch or has it twice.
    """
    for path in paths:
        if not path.exists():
            raise InputError(f"{path} is missing: write the training dynamics there")
    frames = []
    for path in paths:
        with reading(path, mend="write it again"):
            frames.append(read_parquet(path))
            if frames[-1].schema != frames[0].schema:
                raise InputError(f"{path} has other columns than {paths[0]}: write both again")
    frame = pl.concat(frames)
    return dynamics_of(frame, str(paths[0]), classes=classes)


def dynamics_of(frame: pl.DataFrame, where: str, *, classes: int | None = None) -> Dynamics:
    """The dynamics in a frame of the columns that `read_dynamics` names; `where` names it in messages."""
    frame = _complete(frame, where)
    models, epochs = (frame[name].unique().sort().to_list() for name in ("model", "epoch"))
    frame = frame.sort("model", "epoch", "uid_hi", "uid_lo")
    cells = len(models) * len(epochs)
    uids = frame.select("uid_hi", "uid_lo").unique().sort("uid_hi", "uid_lo")
    n = uids.height
    if frame.height != cells * n or frame.select("model", "epoch", "uid_hi", "uid_lo").is_duplicated().any():
        raise InputError(f"{where}: {_hole(frame, cells)}")
    labels = frame["label"].to_numpy().reshape(cells, n)
    if (labels != labels[0]).any():
        row = int((labels != labels[0]).any(axis=0).argmax())
        raise InputError(f"{where}: sample {_hex(uids, row)} has several labels: give each sample one")
    logits = None
    if "logits" in frame.columns:
        widths = frame["logits"].list.len()
        if widths.n_unique() != 1 or not widths[0] or widths[0] < 2:
            raise InputError(
                f"{where}: column 'logits' has lists of {widths.min()!r} to {widths.max()!r} numbers: give all rows "
                "one number a class, two or more"
            )
        width = int(widths[0])
        if classes is not None and classes != width:
            raise InputError(f"{where}: column 'logits' holds {width} numbers a row, but there are {classes} classes")
        classes = width
        flat = frame["logits"].list.explode(empty_as_null=False).to_numpy().astype(np.float32, copy=False)
        _finite(flat.reshape(frame.height, width), frame, where, "logits")
        logits = flat.reshape(len(models), len(epochs), n, width)
    top = int(labels.max())
    if labels.min() < 0 or (classes is not None and top >= classes):
        row = int(((labels[0] < 0) | (labels[0] >= (classes or top + 1))).argmax())
        raise InputError(
            f"{where}: sample {_hex(uids, row)} has the label {labels[0, row]}, but labels go from 0 to "
            f"{(classes or top + 1) - 1}: number the classes so"
        )
    given = {}
    for name in STATISTICS:
        if name in frame.columns:
            values = frame[name].cast(pl.Float32).to_numpy()
            _finite(values[:, None], frame, where, name)
            given[name] = values.reshape(len(models), len(epochs), n)
    trained = frame["trained"].to_numpy().reshape(len(models), len(epochs), n)[:, 0]
    high, low = uids["uid_hi"].to_numpy(), uids["uid_lo"].to_numpy()
    return Dynamics(high, low, labels[0].astype(np.int64), tuple(epochs), logits, given, trained)


_WHOLE = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)  # that numpy has


def _complete(frame: pl.DataFrame, where: str) -> pl.DataFrame:
    if frame.is_empty():
        raise InputError(f"{where}: there is no row, and a ranking needs samples: write the training dynamics again")
    if "uid" in frame.columns and "uid_hi" not in frame.columns:
        frame = with_uids(frame, where)
    for name in ("uid_hi", "uid_lo", "epoch", "label"):
        if name not in frame.columns:
            raise InputError(f"{where}: column {name!r} is missing: it has {listed(name, frame.columns)}")
        if frame[name].null_count() or frame[name].dtype not in _WHOLE:
            raise InputError(f"{where}: column {name!r} must hold whole numbers of 64 bits at most, none of them null")
    if not any(name in frame.columns for name in ("logits", "p_label", "correct", "margin")):
        raise InputError(f"{where}: column 'logits' is missing, and so are p_label, correct and margin: record one")
    for name in ("logits", *STATISTICS, "model", "trained"):
        if name in frame.columns:
            _check_kind(frame[name], where)
    defaults = {"model": pl.lit(0, pl.Int32), "trained": pl.lit(True)}
    return frame.with_columns(**{name: value for name, value in defaults.items() if name not in frame.columns})


def _check_kind(column: pl.Series, where: str) -> None:
    kind, name = column.dtype, column.name
    wanted, fits = "numbers", kind.is_numeric() or (name == "correct" and kind == pl.Boolean)
    if name == "trained":
        wanted, fits = "true or false", kind == pl.Boolean
    elif name == "logits":
        wanted, fits = "a list of numbers a row", isinstance(kind, pl.List) and kind.inner.is_numeric()
    if not fits or column.null_count():
        found = f"{column.null_count()} nulls" if fits else str(kind)
        raise InputError(f"{where}: column {name!r} holds {found}: {wanted} is needed, and no null")


def _hole(frame: pl.DataFrame, cells: int) -> str:
    """The first sample that lacks an epoch, or has one twice."""
    key = ["model", "epoch", "uid_hi", "uid_lo"]
    twice = frame.filter(frame.select(key).is_duplicated())
    if twice.height:
        row = twice.row(0, named=True)
        return f"sample {_hex(twice, 0)} stands twice at epoch {row['epoch']} of model {row['model']}: write it once"
    counts = frame.group_by("uid_hi", "uid_lo").len().filter(pl.col("len") < cells).sort("uid_hi", "uid_lo")
    mine = frame.filter(uid_hi=counts["uid_hi"][0], uid_lo=counts["uid_lo"][0]).select("model", "epoch").unique()
    missing = frame.select("model", "epoch").unique().join(mine, on=["model", "epoch"], how="anti")
    model, epoch = missing.sort("model", "epoch").row(0)
    return f"sample {_hex(counts, 0)} lacks epoch {epoch} of model {model}: record every sample at every epoch"


def _finite(values: Array, frame: pl.DataFrame, where: str, name: str) -> None:
    good = np.isfinite(values).all(axis=1)
    if not good.all():
        row = frame.row(int(good.argmin()), named=True)
        raise InputError(
            f"{where}: column {name!r} is not finite for sample {row['uid_hi']:016x}{row['uid_lo']:016x} at epoch "
            f"{row['epoch']} of model {row['model']}: mend the training"
        )


def _hex(frame: pl.DataFrame, row: int) -> str:
    return f"{frame['uid_hi'][row]:016x}{frame['uid_lo'][row]:016x}"
