"""Extrapolation on the 92 learning curves of Alabdulmohsin et al. 2022: python benchmarks/laws_extrapolation.py.

Each law is fitted to the training part of a curve (column Training) and scored on the rest by the root mean square of
ln(predicted / measured); the table shows means over the curves of a domain. The last row is `extrapolate`, which weighs
the laws by their rollout inside the training part and never sees the rest. Data: CURATION_SCALING_DATA.
"""

import argparse
import os
from collections import defaultdict
from pathlib import Path

import numpy as np
import polars as pl

from curation_scaling.laws import extrapolate, fit_law, law_named
from curation_scaling.laws.extrapolate import CURVE_LAWS

DATA = Path(os.environ.get("CURATION_SCALING_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
FOLDER = DATA / "alabdulmohsin2022"
DOMAINS = {"NMT": "translation", "LM": "language models", "BB": "BIG-Bench", "IC": "image classification"}
PUBLISHED = {  # their Tables 1-4, means over curves; image classification was published as counts of best curves only
    "m1": {"NMT": 0.220, "LM": 17.6e-3, "BB": 0.0149},
    "m2": {"NMT": 0.040, "LM": 1.33e-3, "BB": 0.0149},
    "m3": {"NMT": 0.058, "LM": 2.70e-3, "BB": 0.0087},
    "m4": {"NMT": 0.015, "LM": 1.21e-3, "BB": 0.0093},
}
TARGET = {"LM": 0.98e-3, "BB": 0.0078, "IC": 0.049}


def curves() -> list[tuple[str, pl.DataFrame, pl.DataFrame]]:
    """Return domain, training part and held-out part of each curve, duplicates dropped."""
    if not FOLDER.is_dir():
        raise SystemExit("alabdulmohsin2022 is missing: set CURATION_SCALING_DATA to the folder of public results")
    kind = {"Seen Examples": pl.Float64, "Loss": pl.Float64}
    parts = [pl.read_csv(FOLDER / f"benchmark.{name}.csv").cast(kind) for name in ("lang", "vision")]
    found = []
    for key, rows in (
        pl.concat(parts).unique(maintain_order=True).group_by("Domain", "Task", "Model", maintain_order=True)
    ):
        points = rows.select("Training", samples_seen="Seen Examples", error="Loss").sort("samples_seen")
        found.append((str(key[0]), points.filter(Training=1), points.filter(Training=0)))
    return found


def enough(law: str, train: pl.DataFrame) -> bool:
    """Return whether a curve has as many distinct scales as the law has free parameters."""
    made = law_named(law)
    return train["samples_seen"].n_unique() >= len(made.parameters) - len(made.defaults)


def log_rmse(predicted: np.ndarray, test: pl.DataFrame) -> float:
    return float(np.sqrt(np.mean(np.log(predicted / test["error"].to_numpy()) ** 2)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="use every n-th image curve (for a quick look)")
    arguments = parser.parse_args()
    scores: dict[tuple[str, str], list[float]] = defaultdict(list)
    best: dict[str, list[str]] = defaultdict(list)
    images = 0
    for domain, train, test in curves():
        if domain == "IC":
            images += 1
            if images % arguments.every:
                continue
        found = extrapolate(train)
        fits = [fit_law(law, train, loss="log_mse", bootstrap=0) for law in CURVE_LAWS if enough(law, train)]
        here = {fit.law.name: log_rmse(fit.predict(test)["predicted"].to_numpy(), test) for fit in fits}
        here["extrapolate"] = log_rmse(found.predict(test), test)
        best[domain].append(min((name for name in here if name in PUBLISHED), key=lambda name: here[name]))
        for name, value in here.items():
            scores[domain, name].append(value)
    print(f"{'law':<16}" + "".join(f"{DOMAINS[d] + f' ({len(best[d])})':>28}" for d in DOMAINS))
    for name in dict.fromkeys(name for _, name in scores):
        cells = []
        for domain in DOMAINS:
            values = scores[domain, name]
            told = PUBLISHED.get(name, {}).get(domain)
            value = f"{np.mean(values):.5f}" + ("" if len(values) == len(best[domain]) else f" of {len(values)}")
            cells.append(f"{value + (f' (published {told:.5f})' if told else ''):>28}")
        print(f"{name:<16}" + "".join(cells))
    print(f"{'target':<16}" + "".join(f"{'<= ' + str(TARGET[d]) if d in TARGET else '-':>28}" for d in DOMAINS))
    print(
        "curves on which M4 is the best of M1-M4: "
        + ", ".join(f"{d} {np.mean([b == 'm4' for b in best[d]]):.0%}" for d in DOMAINS)
    )


if __name__ == "__main__":
    main()
