"""The stage of two domains: their laws, effective fractions, losses foretold, and the share to train at."""

from __future__ import annotations

import numpy as np
import polars as pl

from curation_scaling.artifacts_domains import CHOICE, DOMAINS, FRACTIONS, LOSSES
from curation_scaling.artifacts_rerun import POINTS
from curation_scaling.errors import InputError
from curation_scaling.laws.diagnostics import lack_of_fit
from curation_scaling.laws.domains.choice import choose_shares
from curation_scaling.laws.domains.foretold import interval, loss_rows
from curation_scaling.laws.domains.fractions import Domain, fit_domain
from curation_scaling.laws.domains.points import domain_points, mean_losses
from curation_scaling.laws.fit import Fit
from curation_scaling.layout import Layout
from curation_scaling.seeds import derive_seed
from curation_scaling.store import inputs_digest, read, write
from curation_scaling.study.domains import Domains
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.rerun_keys import domains_keys

BOUND = "at a bound, at the estimate or in some replicates"
ENTANGLED = "the other parameters can make up for it"
FEW = "needs {} sizes, the runs have {}"


def measure_fractions(rerun: Rerun, layout: Layout) -> None:
    """Fit both domains, and write `laws/domains`, `domain_fractions`, `domain_losses` and `domain_choice`.

    Raises:
        InputError: if the points lack a column, or cannot carry a domain's law and its f_hat.
    """
    part = rerun.domains
    assert part is not None
    points, names = domain_points(read(layout.points, POINTS, study=rerun.study), part)
    seed = derive_seed(rerun.seed, "domains")
    found = [fit_both(points, name, part, seed) for name in names]
    means = mean_losses(points.filter(pl.col("share") > 0))
    losses = pl.concat([loss_rows(means, every, without, part.apart) for every, without in found])
    constants = [constant_rows(one, fit) for pair in found for one, fit in zip(pair, ("all", "without"), strict=True)]
    (first, _), (second, _) = found
    inputs = inputs_digest(domains_keys(rerun), layout.points)
    for name, schema, frame in (
        ("domains", DOMAINS, pl.concat(constants)),
        ("domain_fractions", FRACTIONS, pl.concat([fraction_rows(every, losses) for every, _ in found])),
        ("domain_losses", LOSSES, losses),
        ("domain_choice", CHOICE, choose_shares(points, first, second, part)),
    ):
        write(layout.law(name), schema, frame, study=rerun.study, inputs=inputs)


def fit_both(points: pl.DataFrame, name: str, part: Domains, seed: int) -> tuple[Domain, Domain]:
    """A domain fitted to all its shares, and to those that are not held apart; held-out trainings are left out."""
    rows = points.filter(pl.col("share") > 0, domain=name, role="fitted")
    left = rows.filter(~pl.col("share").is_in(part.apart))
    options = {"bootstrap": part.bootstrap, "level": part.level, "seed": seed}
    every = fit_domain(name, rows, **options)  # type: ignore[arg-type]
    if left.height == rows.height:
        return every, every
    try:
        return every, fit_domain(name, left, **options)  # type: ignore[arg-type]
    except InputError as error:
        raise InputError(f"key domains.apart: {error}") from None


def constant_rows(domain: Domain, fit: str) -> pl.DataFrame:
    """Rows of `laws/domains`: the law's parameters and the coefficients of f_hat."""
    one, transfer = domain.fit, domain.transfer
    lower, upper = interval(domain.coefficient_draws, one.level)
    coefficients = pl.DataFrame(
        {
            "constant": list(transfer.law.names),
            "estimate": transfer.theta,
            "lower": lower,
            "upper": upper,
            "unit": "1",
            "method": one.method,
            "flags": _transfer_flags(domain),
        },
        nan_to_null=True,
    )
    # The replicates of a parameter at its bound stay there: they say nothing about how far it may lie from it.
    ends = [pl.when("at_bound").then(None).otherwise(name).alias(name) for name in ("lower", "upper")]
    law = one.parameters.rename({"parameter": "constant"}).with_columns(*ends, flags=pl.Series(_flags(one)))
    rows = pl.concat([law.select(coefficients.columns), coefficients])
    return rows.with_columns(domain=pl.lit(domain.name), fit=pl.lit(fit), level=pl.lit(one.level))


def fraction_rows(domain: Domain, losses: pl.DataFrame) -> pl.DataFrame:
    """Rows of `laws/domain_fractions`: each share below 1, beside what single sizes say without a law."""
    lower, upper = interval(domain.fraction_draws, domain.fit.level)
    f_hat, draws = domain.f_hat(domain.shares)
    f_hat_lower, f_hat_upper = interval(draws, domain.fit.level)
    rows = pl.DataFrame(
        {
            "domain": domain.name,
            "share": domain.shares,
            "fraction": domain.fractions,
            "lower": lower,
            "upper": upper,
            "f_hat": f_hat,
            "f_hat_lower": f_hat_lower,
            "f_hat_upper": f_hat_upper,
        },
        nan_to_null=True,
    )
    here = losses.filter(domain=domain.name).group_by("share")
    ends = here.agg(lowest_here=pl.min("fraction_here"), highest_here=pl.max("fraction_here"))
    return rows.join(ends, on="share", how="left", maintain_order="left")


def _flags(fit: Fit) -> list[str]:
    """What speaks against each parameter of a domain's law; of alpha also that the law misses the losses' means."""
    few = {name: (need, have) for name, (need, have) in fit.law.requirements(fit.problem.design).items() if have < need}
    near, weak = fit.near_bound, fit.weak
    missed = [message for *_, flagged, message in lack_of_fit(fit) if flagged]
    found = []
    for i, name in enumerate(fit.law.names):
        words = [FEW.format(*few[name])] if name in few else []
        words += [BOUND] if near[i] else [ENTANGLED] if weak[i] else []
        words += missed if name == "alpha" else []
        found.append("; ".join(words))
    return found


def _transfer_flags(domain: Domain) -> list[str]:
    """The same of the coefficients of f_hat, whose replicates are their own."""
    chart = domain.transfer.problem.chart
    at = domain.transfer.at_bound
    if len(domain.coefficient_draws):
        at = at | (chart.at_bound(chart.coordinates(domain.coefficient_draws)).mean(axis=0) > 0)
    weak = domain.transfer.weak
    return [BOUND if bound else ENTANGLED if loose else "" for bound, loose in zip(np.asarray(at), weak, strict=True)]
