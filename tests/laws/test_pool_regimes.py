"""The regimes of a study's pools: from its samples, its runs and its fits to the report."""

import numpy as np
import polars as pl
import pytest

from curation_scaling.artifacts import RUNS
from curation_scaling.artifacts_regimes import DIMENSION, VERDICTS
from curation_scaling.errors import InputError
from curation_scaling.frontier.stage import build_frontier
from curation_scaling.laws.regimes.pools import judge_pools
from curation_scaling.laws.stage import fit_laws
from curation_scaling.layout import Layout
from curation_scaling.pools.collect import collect_pools
from curation_scaling.pools.cut import build_buckets
from curation_scaling.pools.samples import build_samples
from curation_scaling.pools.unions import build_union
from curation_scaling.ranking.dimension import cleaned, maximum_likelihood, neighbour_distances
from curation_scaling.report.stage import build_report
from curation_scaling.runs.record import describe_pool
from curation_scaling.store import read, write
from study_data import changed, content, declared, parsed, table

SLOPES = {"bucket1": 0.4, "bucket2": 0.3}


def study_of(**changes):
    study = content("digits_regimes")
    study = changed(study, "laws", study["laws"] | {"names": ["goyal_eq3"], "main": "goyal_eq3", "bootstrap": 20})
    for key, value in changes.items():
        study = changed(study, key.replace("__", "."), value)
    return parsed(study)


def write_runs(study, layout):
    """Runs of the single pools from a law of their own: three draws of two seeds, 497 test images."""
    rng, rows = np.random.default_rng(2), []
    seen = np.array(study.runs.checkpoints)
    for pool, slope in SLOPES.items():
        for draw in range(3):
            for seed in range(2):
                share = 0.05 + 0.8 * (seen / seen[0]) ** -slope
                rows += [
                    (pool, f"{pool}-{draw}-{seed}", draw, seed, int(n), int(k) / 497)
                    for n, k in zip(seen, np.maximum(rng.binomial(497, share), 1), strict=True)
                ]
    schema = {"pool": pl.String, "run_id": pl.String, "draw": pl.Int32, "seed": pl.Int32, "samples_seen": pl.Int64,
              "error": pl.Float64}  # fmt: skip
    frame = describe_pool(pl.DataFrame(rows, schema=schema, orient="row"), {p: {p: 600} for p in SLOPES}).with_columns(
        study=pl.lit(study.study),
        unit=pl.lit("samples"),
        params=pl.lit(None, pl.Int64),
        flops=pl.col("samples_seen") * 100.0,
        metric=pl.lit("error_rate"),
        schedule=pl.lit("constant"),
        source=pl.lit("made"),
    )
    write(layout.runs, RUNS, frame, study=study.study, inputs="made")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    study = study_of()
    layout = Layout(tmp_path_factory.mktemp("regimes"))
    build_samples(study, layout)
    for draw in range(3):
        build_buckets(study, layout, draw)
        build_union(study, layout, "all", draw)
    collect_pools(study, layout)
    write_runs(study, layout)
    fit_laws(study, layout)
    judge_pools(study, layout)
    return study, layout


def test_each_pool_has_its_dimensions_and_verdict(finished):
    study, layout = finished
    dimension = read(layout.regime("dimension"), DIMENSION, study=study.study)
    assert dimension.select("pool", "estimator").rows() == [(p, e) for p in sorted(SLOPES) for e in ("mle", "two_nn")]
    assert dimension["rows"].is_between(550, 600).all()
    assert (dimension["features"] + dimension["constant"]).to_list() == [64] * 4
    assert dimension["estimate"].is_between(5, 15).all()
    assert (dimension["cube"] > dimension["estimate"]).all()
    verdicts = read(layout.regime("verdicts"), VERDICTS, study=study.study)
    assert verdicts["family"].to_list() == sorted(SLOPES)
    for row in verdicts.iter_rows(named=True):
        found = dimension.filter(pool=row["family"])
        assert row["resolution_high"] == pytest.approx(4 / found["estimate"].min())
        assert row["resolution_low"] == pytest.approx(4 / found["cube"].max())
        assert row["lipschitz_low"] == pytest.approx(row["resolution_low"] / 4)
        assert row["lower"] <= row["exponent"] <= row["upper"]
        assert 0.2 < row["sharpness"] < 10
        assert row["untrained"] < 0.6  # a guess errs on nine of ten digits
        assert row["regime"] in ("resolution_limited", "variance_limited", "undecided")


def test_the_same_study_gives_the_same_bytes(finished):
    study, layout = finished
    before = [layout.regime(name).read_bytes() for name in ("dimension", "verdicts")]
    judge_pools(study, layout)
    assert before == [layout.regime(name).read_bytes() for name in ("dimension", "verdicts")]


def test_embeddings_of_a_file_stand_in_for_pixels(finished, tmp_path):
    _, layout = finished
    samples = pl.read_parquet(layout.samples).sort("uid_hi", "uid_lo")
    sheet = np.random.default_rng(0).random((samples.height, 2)) @ np.array([[1.0, 2, 0], [0, 1, 3]])
    uid = pl.format("{}{}", *(pl.col(c).map_elements(lambda u: f"{u:016x}", pl.String) for c in ("uid_hi", "uid_lo")))
    frame = samples.select(uid.alias("uid")).with_columns(embedding=pl.Series(sheet.astype(np.float32)))
    frame.write_parquet(tmp_path / "sheet.parquet")
    named = study_of(data_root=str(tmp_path), regimes={"embeddings": {"path": "sheet.parquet"}, "rows": 600})
    judge_pools(named, layout)
    found = read(layout.regime("dimension"), DIMENSION)
    assert found["estimate"].is_between(1.75, 2.2).all()
    assert found["features"].to_list() == [3] * 4
    frame.head(50).write_parquet(tmp_path / "sheet.parquet")
    with pytest.raises(
        InputError, match=r"key regimes.embeddings: \d+ samples of pool 'bucket1' have none, .* add them"
    ):
        judge_pools(named, layout)
    flat = frame.with_columns(embedding=pl.Series(np.zeros((frame.height, 3), np.float32)))
    flat.write_parquet(tmp_path / "sheet.parquet")
    with pytest.raises(InputError, match="pool 'bucket1': none of the 3 features varies over the 600 rows"):
        judge_pools(named, layout)


def test_too_many_neighbours_are_one_sentence(finished):
    _, layout = finished
    with pytest.raises(InputError, match="pool 'bucket1' has 30 distinct rows, but 40 neighbours need at least 42"):
        judge_pools(study_of(regimes={"rows": 30, "neighbours": 40}), layout)


def test_pools_without_features_are_refused():
    with pytest.raises(InputError, match="regimes: declared pools hold no samples here"):
        parsed(declared() | {"regimes": {}})
    with pytest.raises(InputError, match=r"regimes.embeddings is missing: samples of table have no features"):
        parsed(table() | {"regimes": {}})


@pytest.mark.slow
def test_the_report_shows_noise_and_regimes(finished):
    study, layout = finished
    judge_pools(study, layout)
    build_frontier(study, layout)
    build_report(study, layout)
    page = layout.report.read_text(encoding="utf-8")
    for title in ("Signal and noise", "Regimes", "Intrinsic dimension of the samples"):
        assert title in page
    assert all(layout.figure(name, "svg").exists() for name in ("noise", "exponents"))


def test_the_estimate_of_a_pool_is_that_of_its_samples(finished):
    study, layout = finished
    pool = pl.read_parquet(layout.pool("bucket1", 0)).sort("uid_hi", "uid_lo")
    samples = pool.join(pl.read_parquet(layout.samples), on=["uid_hi", "uid_lo"], how="left", maintain_order="left")
    rows = cleaned(np.array(samples["features"].to_list()) / 255).rows
    judge_pools(study, layout)
    found = read(layout.regime("dimension"), DIMENSION).filter(pool="bucket1", estimator="mle")["estimate"].item()
    assert found == pytest.approx(maximum_likelihood(neighbour_distances(rows, 20)).value)
