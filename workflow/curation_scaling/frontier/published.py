"""The stage that puts a paper's numbers on this study's pools beside the same computed here: `laws/reproduction`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from curation_scaling.artifacts import COMPARISON, DRAWS, FITS, PREDICTIONS, PRINTED, REPRODUCTION, RUNS
from curation_scaling.errors import InputError
from curation_scaling.frontier.switches import find_switches
from curation_scaling.laws.columns import Mixture, mixtures
from curation_scaling.laws.fit import Array
from curation_scaling.laws.judge import with_main_law
from curation_scaling.laws.registry import law_named
from curation_scaling.laws.repetition_law import RepetitionLaw
from curation_scaling.laws.reproduction.number import Number
from curation_scaling.laws.reproduction.stage import number_rows
from curation_scaling.laws.rule import under_rules
from curation_scaling.laws.saved import SavedFit, load_fit
from curation_scaling.laws.weighing import of_metric
from curation_scaling.layout import Layout
from curation_scaling.store import inputs_digest, read, write
from curation_scaling.study import Study
from curation_scaling.study.checks import ParameterCheck
from curation_scaling.study.keys import published_keys
from curation_scaling.study.published import Of, PointsCheck, PrintedRow, RegretCheck, StudyCheck, SwitchCheck

_CURVE = 200  # samples seen along a printed curve
_BEYOND = 4.0  # times the largest budget, as far as switches are looked for


def compare_published(study: Study, layout: Layout) -> None:
    """Write `laws/reproduction`, and the curves of the printed rows as `laws/printed`.

    Raises:
        InputError: if a printed row does not name every parameter of its law, or a check names what is not there.
    """
    paths = (layout.runs, layout.law("fits"), layout.law("draws"), layout.law("predictions"), layout.law("comparison"))
    schemas = (RUNS, FITS, DRAWS, PREDICTIONS, COMPARISON)
    tables = [read(path, schema, study=study.study) for path, schema in zip(paths, schemas, strict=True)]
    tables[0] = of_metric(study, tables[0])
    evidence = Evidence(with_main_law(study, tables[4]), *tables[:4])
    assert study.published is not None
    rows = number_rows(study.published.reproduction, evidence.numbers, "published.reproduction")
    inputs = inputs_digest(published_keys(study), *paths)
    write(layout.law("reproduction"), REPRODUCTION, rows, study=study.study, inputs=inputs)
    write(layout.law("printed"), PRINTED, evidence.printed_curves(), study=study.study, inputs=inputs)


@dataclass(frozen=True)
class Evidence:
    """A study with its main law by name, its runs, and what was fitted to them."""

    study: Study
    runs: pl.DataFrame
    fits: pl.DataFrame
    draws: pl.DataFrame
    predictions: pl.DataFrame

    @cached_property
    def mixtures(self) -> Mapping[str, Mixture]:
        """What each pool with a run samples from."""
        first = self.runs.unique("pool", keep="first", maintain_order=True)
        found, which = mixtures(first)
        return {pool: found[i] for pool, i in zip(first["pool"], which, strict=True)}

    @cached_property
    def measured(self) -> pl.DataFrame:
        """Means of the runs, and hidden points as intervals: pool, samples_seen, low, high, hidden."""
        means = self.runs.group_by("pool", "samples_seen").agg(low=pl.mean("error"))
        seen = means.select("pool", pl.col("samples_seen").cast(pl.Float64), "low", high="low", hidden=pl.lit(False))
        assert self.study.published is not None
        hidden = [(h.pool, float(h.samples_seen), h.lower, h.upper, True) for h in self.study.published.hidden]
        return pl.concat([seen, pl.DataFrame(hidden, schema=seen.schema, orient="row")]).sort("pool", "samples_seen")

    @cached_property
    def printed(self) -> Mapping[str, SavedFit]:
        """The printed rows by name, as fits without draws."""
        assert self.study.published is not None
        return {row.name: self._printed(row) for row in self.study.published.rows}

    def _printed(self, row: PrintedRow) -> SavedFit:
        law = law_named(row.law)
        assert isinstance(law, RepetitionLaw)
        singles = self.runs.filter(pl.col("pool").is_in(self.study.pools.fitted_names))
        law = law.bind(singles)
        values = {**{k: float(v) for k, v in law.defaults.items()}, **row.parameters}
        if unknown := sorted(set(values) ^ set(law.names)):
            raise InputError(
                f"key published.rows: row {row.name!r} and law {row.law} do not share the parameter {unknown[0]!r}; "
                f"the law has {', '.join(law.names)}"
            )
        theta = np.array([[values[name] for name in law.names]])
        return SavedFit(law, theta, theta[:0])

    def fit_of(self, asked: Of) -> SavedFit:
        """The printed row or the fit that a check names."""
        if asked.of in self.printed:
            return self.printed[asked.of]
        if asked.of not in self.study.laws.names:
            known = ", ".join([*self.printed, *self.study.laws.names])
            raise InputError(f"{asked.of!r} is neither a printed row nor one of laws.names: {known}")
        gamma = self.study.laws.gamma if asked.gamma is None else asked.gamma
        rules = under_rules(self.study, load_fit(asked.of, self.fits, self.draws))
        for fit in rules:
            if self.study.laws.joint or fit.gamma == gamma:
                return fit
        raise InputError(f"gamma {gamma:g} is not among laws.gammas: add it there")

    def forecast(self, fit: SavedFit, pools: list[str], samples: Array) -> tuple[Array, Array]:
        """Predicted errors of rows given as pool and samples seen: the estimate (rows,) and the draws (draws, rows)."""
        names = list(dict.fromkeys(pools))
        if missing := [name for name in names if name not in self.mixtures]:
            raise InputError(f"pool {missing[0]!r} has no run, so that nothing is known of what it samples from")
        which = np.array([names.index(pool) for pool in pools], dtype=np.intp)
        return fit.forecast([self.mixtures[name] for name in names], which, samples)

    def numbers(self, check: StudyCheck) -> Iterator[Number]:
        """The numbers of one check.

        Raises:
            InputError: if it names a pool, law, row or parameter that is not there.
        """
        match check:
            case PointsCheck():
                yield Number(check.quantity, check.published, self._points(check), tolerance=check.tolerance)
            case SwitchCheck():
                yield self._switch(check)
            case RegretCheck():
                yield from self._regrets(check)
            case ParameterCheck():
                yield from self._parameters(check)

    def _points(self, check: PointsCheck) -> float:
        rows = self.measured.filter(pl.col("pool").is_in(check.pools) & (pl.lit(check.hidden) | ~pl.col("hidden")))
        if rows.is_empty():
            raise InputError(f"none of {', '.join(check.pools)} was measured: name pools of the runs")
        fit = self.fit_of(check)
        predicted, draws = self.forecast(fit, rows["pool"].to_list(), rows["samples_seen"].to_numpy())
        low, high = rows["low"].to_numpy(), rows["high"].to_numpy()
        miss = predicted - np.clip(predicted, low, high)
        if check.statistic == "rmse":
            return float(np.sqrt((miss**2).mean()))
        if check.statistic == "pool_sum":
            return float(rows.with_columns(square=miss**2).group_by("pool").agg(pl.sum("square"))["square"].mean())  # type: ignore[arg-type]
        lower, upper = self._run_interval(fit, rows, draws)
        if check.statistic == "coverage":
            return float(((lower <= high) & (low <= upper)).sum())
        if check.statistic == "interval_width":
            return float((upper - lower).mean())
        outside = np.maximum(lower - high, 0) + np.maximum(low - upper, 0)
        return float((upper - lower + 2 / (1 - self.study.laws.level) * outside).mean())

    def _run_interval(self, fit: SavedFit, rows: pl.DataFrame, draws: Array) -> tuple[Array, Array]:
        """The interval of a new run; of the mean at hidden points, where no run was predicted."""
        if not len(draws):
            raise InputError("a printed row has no interval: ask for its rmse or pool_sum")
        tail = (1 - self.study.laws.level) / 2
        lower, upper = np.quantile(draws, [tail, 1 - tail], axis=0)
        known = self.predictions.filter(law=fit.law.name, gamma=fit.gamma).with_columns(
            pl.col("samples_seen").cast(pl.Float64)
        )
        of_run = rows.join(known, on=["pool", "samples_seen"], how="left", maintain_order="left")
        return (
            of_run["run_lower"].fill_null(pl.Series(lower)).to_numpy(),
            of_run["run_upper"].fill_null(pl.Series(upper)).to_numpy(),
        )

    def _switch(self, check: SwitchCheck) -> Number:
        fit = self.fit_of(check)
        pools = [check.from_pool, check.to_pool]
        start = max(float(self.mixtures[pool].sizes.min()) for pool in pools if pool in self.mixtures)

        def predict(budgets: Array) -> tuple[Array, Array]:
            estimate, draws = self.forecast(fit, [p for p in pools for _ in budgets], np.tile(budgets, 2))
            draws = draws if len(draws) else estimate[None]
            return estimate.reshape(2, -1), draws.reshape(len(draws), 2, -1)

        found = find_switches(predict, start, _BEYOND * self.study.frontier.budgets[-1], self.study.laws.level)
        switch = next((s for s in found if s.to_pool == 1), None)
        if switch is None:
            return Number(check.quantity, check.published, float("nan"), tolerance=check.tolerance)
        if not len(fit.draws):
            return Number(check.quantity, check.published, switch.budget, tolerance=check.tolerance)
        level = self.study.laws.level
        return Number(
            check.quantity, check.published, switch.budget, switch.lower, switch.upper, level, check.tolerance
        )

    def _regrets(self, check: RegretCheck) -> Iterator[Number]:
        fit = self.fit_of(check)
        rows = self.measured.filter(pl.col("pool").is_in(self.study.candidates))
        for (budget,), at in rows.group_by("samples_seen", maintain_order=True):
            if at.height < len(self.study.candidates):
                continue
            predicted, _ = self.forecast(fit, at["pool"].to_list(), at["samples_seen"].to_numpy())
            middle = (at["low"] + at["high"]).to_numpy() / 2
            chosen = int(np.argmin(predicted))
            quantity = f"{check.quantity} at {budget:.4g}: {at['pool'][chosen]}"
            yield Number(quantity, None, float(middle[chosen] - middle.min()))

    def _parameters(self, check: ParameterCheck) -> Iterator[Number]:
        rows = self.fits.filter(law=check.fit)
        for name, published in check.published.items():
            row = rows.filter(parameter=name)
            if row.is_empty():
                known = ", ".join(rows["parameter"]) or f"no law {check.fit!r}"
                raise InputError(f"parameter {name!r} is not in laws/fits: there is {known}")
            found = row.row(0, named=True)
            yield Number(
                f"{check.fit}: {name}",
                published,
                found["estimate"],
                found["lower"],
                found["upper"],
                found["level"],
                check.tolerance,
            )

    def printed_curves(self) -> pl.DataFrame:
        """Rows of `laws/printed`: the printed rows along every pool with runs."""
        frames = [
            pl.DataFrame(
                schema={"row": pl.String, "pool": pl.String, "samples_seen": pl.Float64, "predicted": pl.Float64}
            )
        ]
        reach = self.runs.group_by("pool").agg(first=pl.min("samples_seen"), last=pl.max("samples_seen")).sort("pool")
        for name, fit in self.printed.items():
            for pool, first, last in reach.iter_rows():
                samples = np.geomspace(first, last, _CURVE)
                predicted, _ = self.forecast(fit, [pool] * _CURVE, samples)
                rows = {"pool": [pool] * _CURVE, "samples_seen": samples, "predicted": predicted}
                frames.append(pl.DataFrame({"row": [name] * _CURVE, **rows}))
        return pl.concat(frames)
