"""The report's tables: parameters, scores of the rules for mixtures, hold-out, pools, bucket edges."""

from __future__ import annotations

import polars as pl

from curation_scaling.frontier.answer import quantity
from curation_scaling.report.charts.holdout import held_out
from curation_scaling.report.charts.outcomes import KINDS
from curation_scaling.report.markup import Markup, details, join, paragraph, table
from curation_scaling.report.results import Results
from curation_scaling.report.wording import count, interval, natural, number
from curation_scaling.study import PoolStudy


def parameters(results: Results) -> Markup:
    """Every parameter of the main law with its interval; those of the other laws on demand."""
    main = results.study.laws.main
    others = [name for name in results.study.laws.names if name != main]
    return join([_parameters(results, main), *(details(f"Parameters of {n}", _parameters(results, n)) for n in others)])


def _parameters(results: Results, law: str) -> Markup:
    fits = results.fits.filter(law=law)
    rows = [
        [
            row["parameter"],
            number(row["estimate"]),
            "fixed" if row["fixed"] else interval(row["lower"], row["upper"]),
            "–" if row["unit"] == "1" else row["unit"],
            row["flags"] or "–",
        ]
        for row in fits.iter_rows(named=True)
    ]
    headers = ["Parameter", "Estimate", f"{results.study.laws.level:.0%} interval", "Unit", "Flags"]
    methods = "; ".join(fits.filter(~pl.col("fixed"))["method"].unique(maintain_order=True))
    caption = f"Parameters of {law}{f' (intervals by {methods})' if methods else ''}"
    return table(caption, headers, rows, words=(0, 3, 4))


def mixture_scores(results: Results) -> Markup:
    """How each law and rule predicted the trained mixtures."""
    scores = results.mixtures.filter(pl.col("points") > 0)
    if scores.is_empty():
        return Markup("")
    rows = [
        [
            row["law"],
            f"{row['gamma']:g}",
            str(row["points"]),
            number(row["log_rmse"], 3),
            number(row["bias"], 2),
            f"{row['covered']:.0%}",
            f"{row['winners_matched']} of {row['budgets']}" if row["budgets"] else "–",
            number(row["mean_regret"], 2),
            number(row["worst_regret"], 2),
        ]
        for row in scores.iter_rows(named=True)
    ]
    headers = [
        "Law", "gamma", "Points", "Log-rmse", "Bias (ln)", f"In the {results.study.laws.level:.0%} interval of a run",
        "Best pool matched", "Mean regret", "Worst regret",
    ]  # fmt: skip
    return table(f"Mixtures predicted from single pools; regrets in {results.metric}", headers, rows)


def holdout_scores(results: Results) -> Markup:
    """Size of the relative errors on held-out measurements, by split and law."""
    if results.holdout.is_empty():
        return Markup("")
    size = pl.col("relative_error").abs()
    scores = (
        held_out(results)
        .group_by("split", "label")
        .agg(pl.len(), rms=(size**2).mean().sqrt(), median=size.median(), worst=size.max())
        .sort("split", "rms", "label")
    )
    rows = [
        [r["label"], r["split"], str(r["len"]), f"{r['rms']:.2%}", f"{r['median']:.2%}", f"{r['worst']:.2%}"]
        for r in scores.iter_rows(named=True)
    ]
    headers = ["Law or baseline", "Split", "Points", "Root mean square", "Median size", "Worst"]
    title = "Relative errors of held-out predictions"
    return details(f"{title}, in numbers", table(title, headers, rows, words=(0, 1)))


def comparison(results: Results) -> Markup:
    """How the laws compare by what they predict of held-out single pools; one of them gives the answer."""
    main = results.study.laws.main
    rows = [
        [
            row["law"] + (" (of the answer)" if row["law"] == main else ""),
            number(row["rollout"], 3),
            number(row["largest"], 3),
            number(row["bias"], 2),
            row["best_baseline"] or "–",
            number(row["baseline_rollout"], 3),
            *("–" if row[name] is None else f"{row[name]:.1f}" for name in ("aicc", "bic")),
            row["note"] or "–",
        ]
        for row in results.comparison.sort("rollout", "law", nulls_last=True).iter_rows(named=True)
    ]
    headers = [
        "Law", "Rollout log-rmse", "Largest held out", "Bias there", "Best baseline", "Its rollout log-rmse", "AICc",
        "BIC", "Note",
    ]  # fmt: skip
    return table("The laws by how they extrapolate on single pools", headers, rows, words=(0, 4, 8))


def checkpoints(results: Results) -> Markup:
    """By how much each law wants the errors of unfinished runs lowered, and what it gains by that."""
    assert results.checkpoints is not None
    rows = [
        [
            row["law"],
            number(row["effect"], 3),
            "declared" if row["lower"] is None else interval(row["lower"], row["upper"]),
            f"{row['objective'] / row['objective_as_is'] - 1:+.1%}",
        ]
        for row in results.checkpoints.iter_rows(named=True)
    ]
    words = (
        "Checkpoints of a run that goes on are not annealed. The effect is the fall of ln(error) that the whole of the "
        "annealing brings, fitted with each law; its interval takes evaluations as independent, which those of one run "
        "are not. A law that bends where the schedule does cannot tell the two apart."
    )
    headers = ["Law", "Effect", "Interval", "Objective against checkpoints as they are"]
    return join([paragraph(words), table("Checkpoints taken for finished runs", headers, rows, words=(0,))])


def pools(results: Results) -> Markup:
    """Every pool with its members, size and runs; then, where pools were cut here, what became of each row."""
    study = results.study
    runs = results.runs.group_by("pool").agg(
        size=pl.mean("unique_samples"), runs=pl.col("run_id").n_unique(), seen=pl.max("samples_seen")
    )
    known = {row["pool"]: row for row in runs.iter_rows(named=True)}
    rows = []
    for pool, members in study.pools.members.items():
        row = known.get(pool)
        rows.append(
            [
                pool,
                "–" if members == [pool] else " + ".join(members),
                "yes" if pool in study.candidates else "no",
                "–" if row is None else quantity(row["size"]),
                "0" if row is None else str(row["runs"]),
                "–" if row is None else quantity(row["seen"]),
            ]
        )
    headers = ["Pool", "Joins", "Candidate", f"Unique {study.unit} (mean of draws)", "Runs", f"Most {study.unit} seen"]
    parts = [table("Pools", headers, rows, words=(0, 1, 2))]
    if results.summary is not None:
        parts.append(outcomes_table(results.study, results.summary))
    if results.edges is not None:
        parts.append(details("Score edges of the buckets", edges_table(results.study, results.edges)))
    return join(parts)


def outcomes_table(study: PoolStudy, summary: pl.DataFrame) -> Markup:
    """What became of the rows of the source."""
    kinds = {"input": "all", **KINDS}
    order = list(kinds)
    mean = (
        summary.group_by("kind", "outcome")
        .agg(pl.sum("rows", "size") / summary["draw"].n_unique())
        .with_columns(place=pl.col("kind").replace_strict(order, range(len(order)), return_dtype=pl.Int64))
        .sort("place", natural(pl.col("outcome")), "outcome")
    )
    sized = study.unit != "samples"  # else a row is a sample
    rows = [
        [r["outcome"], kinds[r["kind"]], count(r["rows"]), *([count(r["size"])] if sized else [])]
        for r in mean.iter_rows(named=True)
    ]
    headers = ["Outcome", "Kind", "Rows", *([study.unit.capitalize()] if sized else [])]
    draws = "the mean of a draw" if summary["draw"].n_unique() > 1 else "one draw"
    note = paragraph("Kept, held-out and dropped rows add up to those read.", class_="quiet")
    return join([table(f"What became of the rows of the source ({draws})", headers, rows, words=(0, 1)), note])


def edges_table(study: PoolStudy, edges: pl.DataFrame) -> Markup:
    """The scores at which the buckets end."""
    drawn, sized = edges["draw"].n_unique() > 1, study.unit != "samples"
    rows = [
        [
            r["pool"],
            *([str(r["draw"])] if drawn else []),
            number(r["score_min"], 5),
            number(r["score_max"], 5),
            count(r["rows"]),
            *([count(r["size"])] if sized else []),
            "–" if r["ties"] is None else str(r["ties"]),
        ]
        for r in edges.sort("draw", "bucket").iter_rows(named=True)
    ]
    headers = [
        "Bucket",
        *(["Draw"] if drawn else []),
        "Lowest score",
        "Highest score",
        "Rows",
        *([study.unit.capitalize()] if sized else []),
        "Ties at the edge",
    ]
    return table(f"Scores of each bucket{', by draw' if drawn else ''}", headers, rows)
