"""The numbers of checks of the part `domains`, from its artifacts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from curation_scaling.errors import InputError, listed
from curation_scaling.laws.reproduction.number import Number
from curation_scaling.study.domains import (
    DomainChecks,
    DomainConstantCheck,
    DomainErrorCheck,
    DomainFractionCheck,
    DomainRegretCheck,
)


def domain_numbers(check: DomainChecks, tables: Mapping[str, pl.DataFrame]) -> Iterator[Number]:
    """Compute a check's numbers; `tables` holds the artifacts of `domains` by their files' names.

    Raises:
        InputError: if it names a domain or a share that is not there, nothing was held out, or a constant that was
            published has no interval.
    """
    match check:
        case DomainConstantCheck():
            rows = _of(tables["domains"].filter(fit="all"), check.domain)
            of = {row["constant"]: row for row in rows.iter_rows(named=True)}
            for name, published in check.published.items():
                row = of[name]
                if published is not None and row["lower"] is None:
                    raise InputError(
                        f"{name} of {check.domain} lies at a bound and has no interval to compare a published "
                        "number by; set it to null"
                    )
                yield Number(
                    f"{name} of {check.domain}", published, row["estimate"], row["lower"], row["upper"], row["level"]
                )
        case DomainFractionCheck():
            rows = _of(tables["domain_fractions"], check.domain)
            if check.share not in (shares := rows["share"].to_list()):
                known = ", ".join(f"{s:g}" for s in shares)
                raise InputError(f"share {check.share:g} of {check.domain} was not fitted; these are: {known}")
            row = rows.filter(share=check.share).row(0, named=True)
            level = tables["domains"]["level"][0]
            quantity = f"f({check.share:g}) of {check.domain}"
            yield Number(quantity, check.published, row["fraction"], row["lower"], row["upper"], level, check.tolerance)
        case DomainErrorCheck():
            losses = tables["domain_losses"]
            held = losses.filter(role="held_out") if check.test == "size" else losses.filter("apart")
            held = held.drop_nulls(check.method)
            if held.is_empty():
                raise InputError(
                    f"no {check.test} is held out that {check.method} foretells; set held_out of a set of trainings, "
                    "or domains.apart"
                )
            gap = (pl.col(check.method) / pl.col("measured")).log() ** 2
            refit = float(held.select(gap.mean().sqrt()).item())
            yield Number(check.quantity, check.published, refit, tolerance=check.tolerance)
        case DomainRegretCheck():
            judged = tables["domain_choice"]["regret" if check.method == "law" else "plain_regret"].drop_nulls()
            if judged.is_empty():
                raise InputError("no share was trained at any size that a share is chosen for")
            yield Number(check.quantity, check.published, float(judged.to_numpy().max()), tolerance=check.tolerance)


def _of(rows: pl.DataFrame, domain: str) -> pl.DataFrame:
    found = rows.filter(domain=domain)
    if found.is_empty():
        known = listed(domain, rows["domain"].unique().sort())
        raise InputError(f"domain {domain!r} is not there; these are: {known}")
    return found
