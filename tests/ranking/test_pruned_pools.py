"""Pools that are pruned beside the buckets: what each keeps of a draw, and what a study may ask for."""

import numpy as np
import polars as pl
import pytest

from curation_scaling.artifacts import POOL
from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.pools.cut import build_buckets
from curation_scaling.pools.samples import build_samples
from curation_scaling.ranking.pruned import build_pruned
from curation_scaling.store import read
from study_data import content, parsed, table

PRUNED = {
    "hard50": {"metric": "el2n", "keep": "hard", "fraction": 0.5},
    "easy50": {"metric": "el2n", "keep": "easy", "fraction": 0.5},
    "sharp30": {"metric": "score", "keep": "best", "fraction": 0.3},
    "blurred30": {"metric": "score", "keep": "easy", "fraction": 0.3},
    "random50": {"metric": "random", "keep": "hard", "fraction": 0.5},
}
SCORER = {"models": 1, "epochs": 3, "el2n_epoch": 2, "window": 2, "hidden": 16}


def digits(**pruned: dict) -> object:
    return parsed(content("smoke"), pools__pruned=pruned or PRUNED, pools__scorer=SCORER)


def drawn(layout: Layout, names: list[str]) -> pl.DataFrame:
    return pl.concat([read(layout.pool(name, 0), POOL) for name in names])


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    study, layout = digits(), Layout(tmp_path_factory.mktemp("pruned"))
    build_samples(study, layout)
    build_buckets(study, layout, 0)
    build_pruned(study, layout, 0)
    return layout


def test_each_pool_keeps_what_its_ranking_says(layout):
    study = digits()
    whole = drawn(layout, study.pools.bucket_names)
    pools = {name: read(layout.pool(name, 0), POOL, study="smoke") for name in PRUNED}
    n = whole.height
    assert {name: p.height for name, p in pools.items()} == {
        name: round(PRUNED[name]["fraction"] * n) for name in PRUNED
    }
    best = set(whole.sort("score", descending=True)["score"][: round(0.3 * n)])
    assert set(pools["sharp30"]["score"]) == best  # the highest quality scores
    assert pools["blurred30"]["score"].max() <= np.quantile(whole["score"], 0.3) + 1e-9
    key = ["uid_hi", "uid_lo"]
    assert pools["hard50"].join(pools["easy50"], on=key).height == 0
    assert pools["hard50"]["score"].min() >= pools["easy50"]["score"].max()
    assert sorted(pools["hard50"]["rank"]) == list(range(n // 2))
    for name, pool in pools.items():
        assert pool.join(whole, on=[*key, "bucket", "size"], how="anti").is_empty()
        subset = np.load(layout.subset(name, 0), allow_pickle=False)
        assert subset["f0"].tolist() == pool["uid_hi"].to_list()


def test_the_same_bytes_twice(layout):
    before = {name: layout.pool(name, 0).read_bytes() for name in PRUNED}
    build_pruned(digits(), layout, 0)
    assert before == {name: layout.pool(name, 0).read_bytes() for name in PRUNED}


def test_a_score_file_and_dynamics_of_ones_own(layout, tmp_path):
    whole = drawn(layout, digits().pools.bucket_names).sort("uid_hi", "uid_lo")
    names = [f"{hi:016x}{lo:016x}" for hi, lo in whole.select("uid_hi", "uid_lo").iter_rows()]
    mine = np.random.default_rng(1).permutation(len(names)).astype(float)
    file, dynamics = tmp_path / "scores.csv", tmp_path / "dynamics.parquet"
    pl.DataFrame({"image": names, "score": mine}).write_csv(file)
    rows = {"uid": names, "epoch": 1, "label": 0, "p_label": 1 - mine / len(names)}
    pl.DataFrame(rows).write_parquet(dynamics)
    study = digits(
        file={"metric": "file", "file": {"path": str(file)}, "keep": "best", "fraction": 0.25},
        own={"metric": "low_confidence", "dynamics": {"path": str(dynamics)}, "keep": "hard", "fraction": 0.25},
    )
    build_pruned(study, layout, 0)
    kept = [read(layout.pool(name, 0), POOL).select("uid_hi", "uid_lo") for name in ("file", "own")]
    assert kept[0].equals(whole.filter(pl.Series(mine >= 0.75 * len(names))).select("uid_hi", "uid_lo"))
    assert kept[0].equals(kept[1])


@pytest.mark.parametrize("kind", ["file", "dynamics"])
def test_samples_that_a_file_lacks_are_named(layout, tmp_path, kind):
    path = tmp_path / ("scores.csv" if kind == "file" else "dynamics.parquet")
    if kind == "file":
        path.write_text("image,score\nabc,1\n")
        pool = {"metric": "file", "file": {"path": str(path)}, "keep": "best", "fraction": 0.5}
    else:
        pl.DataFrame({"uid": ["abc"], "epoch": 1, "label": 0, "p_label": 0.5}).write_parquet(path)
        pool = {"metric": "low_confidence", "dynamics": {"path": str(path)}, "keep": "hard", "fraction": 0.5}
    with pytest.raises(InputError, match=r"pools\.pruned\.mine: .* lacks 12\d\d of the 12\d\d samples"):
        build_pruned(digits(mine=pool), layout, 0)
    assert not layout.pool("mine", 0).exists()


BAD = [
    ({"metric": "el2n", "keep": "hard", "fraction": 1}, "prunes nothing"),
    ({"metric": "el2n", "keep": "best", "fraction": 0.5}, "keep hard or easy"),
    ({"metric": "file", "keep": "best", "fraction": 0.5}, "name the score file"),
    ({"metric": "score", "keep": "herding", "fraction": 0.5}, "reads features"),
    ({"metric": "memorization", "keep": "hard", "fraction": 0.5}, "set it below 1"),
]


@pytest.mark.parametrize(("pool", "says"), BAD)
def test_what_cannot_be_pruned_is_refused(pool, says):
    with pytest.raises(InputError, match=says):
        digits(mine=pool)


def test_names_and_sources_are_checked():
    with pytest.raises(InputError, match="belongs to another pool"):
        digits(top2=PRUNED["hard50"])
    with pytest.raises(InputError, match=r"pruned\.mine\.metric: el2n needs labelled samples"):
        parsed(table(), pools__pruned={"mine": PRUNED["hard50"]})
    with pytest.raises(InputError, match="declare their sizes"):
        parsed(content("goyal2024"), pools__pruned={"mine": PRUNED["sharp30"]})


def test_pruned_pools_are_candidates_that_nothing_is_mixed_with():
    study = digits()
    assert study.candidates[-len(PRUNED) :] != list(PRUNED)  # unions come last
    assert set(PRUNED) <= set(study.candidates)
    assert study.pools.disjoint == study.pools.bucket_names
    assert study.unscored == ["random50"]
