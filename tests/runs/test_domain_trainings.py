"""Trainings on a mixture of two domains: held out of each, a share of the characters from each, none of them twice."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from curation_scaling.artifacts import SAMPLES
from curation_scaling.artifacts_rerun import POINTS
from curation_scaling.artifacts_trainings import TRAININGS
from curation_scaling.errors import InputError
from curation_scaling.laws.reproduction.points import build_points
from curation_scaling.layout import Layout
from curation_scaling.pools.domains import draw_units, with_domain
from curation_scaling.runs.domains import draw_domains, units_of
from curation_scaling.runs.schedule import unit_order
from curation_scaling.runs.trainers.mlp import train_mlp
from curation_scaling.runs.trainings import build_source, train_set
from curation_scaling.store import read
from curation_scaling.study.rerun_keys import training_jobs
from study_data import ABSENT, changed, parsed
from trainings_data import mixed, write_package


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    write_package(tmp_path, monkeypatch)
    write_package(tmp_path, monkeypatch, name="goods", seed=8)
    return Layout(tmp_path / "results/mixed")


def test_modules_of_each_domain_are_held_out(layout: Layout) -> None:
    rerun = parsed(mixed())
    build_source(rerun, layout)
    samples = with_domain(read(layout.samples, SAMPLES, study="mixed"), rerun.trainings.source.parts)
    groups = samples.group_by("domain", "role").agg(pl.col("group").n_unique()).sort("domain", "role")
    assert groups.rows() == [("craft", "pool", 6), ("craft", "test", 3), ("trade", "pool", 6), ("trade", "test", 3)]
    test = samples.filter(role="test")["group"].unique()
    assert not samples.filter(role="pool")["group"].is_in(test.to_list()).any()


def test_every_training_is_measured_on_both_domains(layout: Layout) -> None:
    rerun = parsed(mixed())
    build_source(rerun, layout)
    for job in training_jobs(rerun):
        train_set(rerun, layout, *job)
    rows = read(layout.training("sizes", 0), TRAININGS, study="mixed")
    assert rows.height == 2 * 3 * 6
    assert rows["samples_seen"].unique().to_list() == [1600]
    assert (rows["unique_units"] >= 1600).all()
    assert rows.group_by("cell").agg(pl.sum("share"))["share"].unique().to_list() == [1.0]
    cell = rows.filter(cell="sizes.h4.p0.1").sort("domain").select("domain", "share")
    assert cell.rows() == [("craft", 0.9), ("trade", 0.1)]
    alone = rows.filter(cell="sizes.h8.p1.0")
    assert alone.filter(domain="trade")["error"][0] < alone.filter(domain="craft")["error"][0]
    before = layout.training("sizes", 0).read_bytes()
    train_set(rerun, layout, "sizes", 0)
    assert layout.training("sizes", 0).read_bytes() == before
    build_points(rerun, layout)
    points = read(layout.points, POINTS, study="mixed")
    assert points.height == 2 * 2 * 4 * 6
    assert points["group"].unique().sort().to_list() == ["craft", "trade"]
    assert points.filter(role="held_out")["params"].n_unique() == 1


def test_a_share_of_the_characters_is_seen_and_none_twice(layout: Layout) -> None:
    rerun = parsed(mixed())
    build_source(rerun, layout)
    source, pool = rerun.trainings.source, read(layout.samples, SAMPLES, study="mixed").filter(role="pool")
    for share in (0.0, 0.1, 0.3, 1.0):
        drawn = draw_domains(source, pool, share, 1600, seed=5)
        assert set(drawn) == {name for name, p in (("trade", share), ("craft", 1 - share)) if p}
        sizes = [int(frame["size"].sum()) for _, frame in drawn.values()]
        order = unit_order(sizes, [weight for weight, _ in drawn.values()], 1600, np.random.SeedSequence(1))
        assert len(np.unique(order)) == 1600
        if 0 < share < 1:
            assert abs((order < sizes[0]).sum() - share * 1600) <= 2
    small, large = (draw_domains(source, pool, p, 1600, seed=5)["trade"][1] for p in (0.1, 0.6))
    assert set(small["uid_hi"]) < set(large["uid_hi"])
    assert units_of(1.0, 1600) == 1600


def test_parts_of_the_test_set_add_up_to_the_whole() -> None:
    rng = np.random.default_rng(2)

    def frame(rows: int, low: int) -> pl.DataFrame:
        uids = rng.integers(0, 2**63, rows).astype(np.uint64)
        texts = ["".join(chr(c) for c in rng.integers(low, low + 6, 40)) for _ in range(rows)]
        return pl.DataFrame({"uid_hi": uids, "uid_lo": uids, "text": texts})

    test = pl.concat([frame(6, 97).with_columns(of=pl.lit("b")), frame(3, 65).with_columns(of=pl.lit("a"))])
    options: dict[str, Any] = {"checkpoints": [400, 1600], "seed": 1, "inputs": "characters", "context": 2}
    options |= {"metric": "bits_per_character", "hidden": [4], "batch_size": 40}
    pool = frame(60, 97)
    whole, apart = (train_mlp([pool], test, part=part, **options) for part in (None, "of"))
    assert not whole.parts
    assert list(apart.parts) == ["a", "b"]
    for i, (seen, error) in enumerate(whole.evaluations):
        a, b = (apart.parts[name][i] for name in ("a", "b"))
        assert a.samples_seen == b.samples_seen == seen
        assert (3 * a.error + 6 * b.error) / 9 == pytest.approx(error, rel=1e-6)
    assert apart.parts["a"][-1].error > apart.parts["b"][-1].error


def test_as_many_units_as_are_seen() -> None:
    uids = np.arange(10, dtype=np.uint64)
    frame = pl.DataFrame({"uid_hi": uids, "uid_lo": uids, "size": [7] * 10})
    assert draw_units(frame, 15, seed=0)["size"].sum() == 21
    assert draw_units(frame, 70, seed=0).equals(frame)
    with pytest.raises(InputError, match=r"^71 units are asked for, 70 are there$"):
        draw_units(frame, 71, seed=0)


def test_a_domain_whose_characters_run_out_is_named(layout: Layout) -> None:
    content = changed(mixed(), "trainings.sets.0.checkpoints", [40_000])
    with pytest.raises(
        InputError, match=r"sets\[0\].share: at share 1 a training sees 40,000 characters of domain craft"
    ):
        build_source(parsed(content), layout)
    assert not layout.samples.exists()


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("trainings.sets.0.share", [0.1, 1.2], "trainings.sets[0].share[1] must be at most 1, but it is 1.2"),
        ("trainings.sets.0.share", [-0.1, 1], "trainings.sets[0].share[0] must be at least 0, but it is -0.1"),
        ("trainings.sets.0.share", [0.1, 0.1], "trainings.sets[0].share[1]: 0.1 stands there twice; name it once"),
        ("trainings.sets.0.share", ABSENT, "trainings.sets[0].share is missing: the source has domains; say how"),
        ("trainings.sets.0.groups", [2], "trainings.sets[0].share: a share of the characters seen needs checkpoints"),
        ("trainings.source.packages", ["x"], "trainings.source.packages: give exactly one of packages and domains"),
        ("trainings.source.domains.craft", [], "trainings.source.domains.craft: a domain without packages holds no"),
        ("trainings.source.domains.craft", ["wares"], "trainings.source.domains[1]: 'wares' stands there twice"),
        ("trainings.source.domains", {"trade": ["wares"]}, "trainings.source.domains"),
    ],
)
def test_faults_are_one_sentence(key: str, value: Any, says: str) -> None:
    with pytest.raises(InputError) as caught:
        parsed(changed(mixed(), key, value))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
