"""Extrapolation on the 92 learning curves of Alabdulmohsin et al. 2022: python benchmarks/laws_extrapolation.py.

Every law alone, and `extrapolate` (one rule for all curves, its weights shared by the curves of a domain), scored by
the root mean square of ln(predicted / measured), means over the curves of a domain. Two tables: inside the training
parts (column Training), where each curve's lower part predicts its upper part, by which the rule was chosen; and the
held-out parts, which no choice has seen. The rank correlations say whether laws that extrapolate best inside the
training parts also do beyond them. --inside leaves the second one out. Data: CURATION_SCALING_DATA.
"""

import argparse
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import spearmanr

from curation_scaling.errors import InputError
from curation_scaling.laws import extrapolate, fit_law
from curation_scaling.laws.extrapolate import CURVE_LAWS

DATA = Path(os.environ.get("CURATION_SCALING_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
FOLDER = DATA / "alabdulmohsin2022"
DOMAINS = {"NMT": "translation", "LM": "language models", "BB": "BIG-Bench", "IC": "image classification"}
RULE = "extrapolate"
PUBLISHED = {  # their Tables 1-4, means over curves; image classification was published as counts of best curves only
    "m1": {"NMT": 0.220, "LM": 17.6e-3, "BB": 0.0149},
    "m2": {"NMT": 0.040, "LM": 1.33e-3, "BB": 0.0149},
    "m3": {"NMT": 0.058, "LM": 2.70e-3, "BB": 0.0087},
    "m4": {"NMT": 0.015, "LM": 1.21e-3, "BB": 0.0093},
}
TARGET = {"LM": 0.98e-3, "BB": 0.0078, "IC": 0.049}  # the best single law's converged refit
INSIDE = (0.5**0.5, 0.5)  # cutoffs of the first table, shares of a training part's largest compute
REACH = 2.13  # they predict at most this far, as far as the held-out parts reach

Pair = tuple[pl.DataFrame, pl.DataFrame]  # what is fitted, what is predicted


def curves() -> dict[str, list[Pair]]:
    """Return by domain the training and the held-out part of each curve, duplicates dropped."""
    if not FOLDER.is_dir():
        raise SystemExit("alabdulmohsin2022 is missing: set CURATION_SCALING_DATA to the folder of public results")
    kind = {"Seen Examples": pl.Float64, "Loss": pl.Float64}
    parts = [pl.read_csv(FOLDER / f"benchmark.{name}.csv").cast(kind) for name in ("lang", "vision")]
    rows = pl.concat(parts).unique(maintain_order=True)
    found: dict[str, list[Pair]] = defaultdict(list)
    for key, curve in rows.group_by("Domain", "Task", "Model", maintain_order=True):
        points = curve.select(
            "Training",
            curve=pl.lit(" ".join(str(part) for part in key)),
            samples_seen="Seen Examples",
            error="Loss",
        ).sort("samples_seen")
        found[str(key[0])].append((points.filter(Training=1), points.filter(Training=0)))
    return found


def inside(pairs: Sequence[Pair], cutoff: float) -> list[Pair]:
    """Return the lower and the upper part of each training part; the held-out parts are dropped."""
    cut = [(train, cutoff * float(train["samples_seen"].max())) for train, _ in pairs]  # type: ignore[arg-type]
    seen = pl.col("samples_seen")
    split = [(train.filter(seen <= c), train.filter((seen > c) & (seen <= REACH * c))) for train, c in cut]
    return [(lower, upper) for lower, upper in split if lower.height > 4 and upper.height]


def log_rmse(predicted: np.ndarray, test: pl.DataFrame) -> float:
    return float(np.sqrt(np.mean(np.log(predicted / test["error"].to_numpy()) ** 2)))


def scores(pairs: Sequence[Pair]) -> dict[str, list[float]]:
    """Return each law's score on each curve (nan where it cannot be fitted), and the rule's."""
    found: dict[str, list[float]] = {}
    for name in CURVE_LAWS:
        found[name] = []
        for train, test in pairs:
            try:
                fit = fit_law(name, train, loss="log_mse", bootstrap=0)
            except InputError:
                found[name].append(np.nan)
            else:
                found[name].append(log_rmse(fit.predict(test)["predicted"].to_numpy(), test))
    rule = extrapolate(pl.concat([train for train, _ in pairs]), curve="curve")
    found[RULE] = [log_rmse(rule.predict(test), test) for _, test in pairs]
    return found


def never_rise(parts: Sequence[pl.DataFrame]) -> int:
    """Return how many parts are best-so-far curves."""
    return sum(bool((np.diff(part["error"].to_numpy()) <= 0).all()) for part in parts)


def split_alike(pairs: Sequence[Pair]) -> str:
    """Return in words whether the two parts were measured alike: whether they rise, and where the second one starts."""
    above = sum(float(test["error"].max()) > float(train["error"].min()) for train, test in pairs)  # type: ignore[arg-type]
    first, second = never_rise([train for train, _ in pairs]), never_rise([test for _, test in pairs])
    return (
        f"{first} training and {second} held-out parts never rise, {above} held-out parts rise above the training part"
    )


def order_kept(first: Mapping[str, list[float]], second: Mapping[str, list[float]]) -> float:
    """Return Spearman's correlation over laws of two tables: below 0, the training parts choose the wrong laws."""
    means = [[float(np.nanmean(table[name])) for name in CURVE_LAWS] for table in (first, second)]
    return float(spearmanr(*means).statistic)


def show(title: str, by_domain: Mapping[str, Mapping[str, list[float]]], published: bool = False) -> None:
    print(f"\n{title}")
    print(f"{'':<16}" + "".join(f"{DOMAINS[d] + f' ({len(by_domain[d][RULE])})':>28}" for d in by_domain))
    for name in (*CURVE_LAWS, RULE):
        cells = []
        for domain, found in by_domain.items():
            values = np.array(found[name])
            fitted = np.isfinite(values)
            value = "-" if not fitted.any() else f"{values[fitted].mean():.5f}"
            value += "" if fitted.all() else f" of {fitted.sum()}"
            told = PUBLISHED.get(name, {}).get(domain) if published else None
            cells.append(f"{value + (f' (published {told:.5f})' if told else ''):>28}")
        print(f"{name:<16}" + "".join(cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="use every n-th image curve (for a quick look)")
    parser.add_argument("--inside", action="store_true", help="the training parts alone")
    arguments = parser.parse_args()
    found = curves()
    found["IC"] = found["IC"][:: arguments.every]
    within = {c: {domain: scores(inside(found[domain], c)) for domain in DOMAINS} for c in INSIDE}
    for cutoff, table in within.items():
        show(f"inside the training parts: fitted up to {cutoff:.3g} of their largest compute", table)
    if arguments.inside:
        return
    held_out = {domain: scores(found[domain]) for domain in DOMAINS}
    show("held-out parts", held_out, published=True)
    print(f"{'target':<16}" + "".join(f"{'<= ' + str(TARGET[d]) if d in TARGET else '-':>28}" for d in DOMAINS))
    for cutoff, table in within.items():
        agree = ", ".join(f"{d} {order_kept(table[d], held_out[d]):+.2f}" for d in DOMAINS)
        print(f"rank correlation of the laws' scores, fitted up to {cutoff:.3g} and held out: {agree}")
    for domain, pairs in found.items():
        print(f"{DOMAINS[domain]}, {len(pairs)} curves: {split_alike(pairs)}")
    best = {d: [min(PUBLISHED, key=lambda m, i=i, d=d: held_out[d][m][i]) for i in range(len(found[d]))] for d in found}
    shares = ", ".join(f"{d} {np.mean([name == 'm4' for name in best[d]]):.0%}" for d in DOMAINS)
    print(f"curves on which M4 is the best of M1-M4: {shares}")


if __name__ == "__main__":
    main()
