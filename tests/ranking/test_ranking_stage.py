"""The stages of the pruning part, one after another in one process; the same bytes twice."""

from pathlib import Path

import pytest

from curation_scaling import artifacts as a
from curation_scaling import artifacts_ranking as r
from curation_scaling.errors import InputError
from curation_scaling.frontier.pruning import compare_pruned
from curation_scaling.layout import PRUNING_FIGURES, Layout
from curation_scaling.ranking.stage import prune_pools, rank_samples
from curation_scaling.ranking.task import build_task
from curation_scaling.report.pruning import pruning_figures, pruning_words, read_pruned
from curation_scaling.runs.prune import train_pruned
from curation_scaling.store import read
from study_data import content, parsed

PRUNING = {
    "task": {"kind": "images", "dataset": "digits", "test_images": 497, "dimensions": 16},
    "scorer": {"models": 2, "epochs": 4, "el2n_epoch": 2, "clusters": 10, "hidden": 16, "batch_size": 64, "window": 3},
    "metrics": ["random", "el2n", "forgetting", "self_prototypes"],
    "sets": [
        {"metric": "el2n", "keep": "hard", "fractions": [0.5]},
        {"metric": "el2n", "keep": "easy", "fractions": [0.5], "saw": "sample", "sizes": [100]},
        {"metric": "dual", "keep": "dual", "fractions": [0.5], "sizes": [400]},
        {"metric": "el2n", "keep": "hard", "fractions": [0.5], "class_floor": 0.5, "sizes": [400]},
    ],
    "sizes": [100, 400, 1200],
    "draws": 2,
    "trainer": {"hidden": [16], "batch_size": 32},
    "checkpoints": [800, 1600, 3200],
    "bootstrap": 20,
}
STUDY = parsed(content("smoke") | {"pruning": PRUNING})


def built(root: Path) -> Layout:
    layout = Layout(root)
    build_task(STUDY, layout)
    rank_samples(STUDY, layout)
    for draw, size in STUDY.pruning.jobs:
        prune_pools(STUDY, layout, draw, size)
        train_pruned(STUDY, layout, draw, size)
    compare_pruned(STUDY, layout)
    return layout


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    return built(tmp_path_factory.mktemp("pruning"))


def test_every_table_fits_its_schema(layout):
    for schema in (r.TASK, r.DYNAMICS, r.SCORES, r.CORRELATION, r.RELIABILITY, r.OVERLAP, r.SKEW):
        assert read(layout.root / f"{schema.name}.parquet", schema, study="smoke").height
    for name, schema in (("runs", a.RUNS), ("curves", r.CURVES), ("fits", r.PRUNING_FITS), ("envelope", r.ENVELOPE),
                         ("exponents", r.EXPONENTS), ("frontier", a.FRONTIER)):  # fmt: skip
        assert read(layout.pruning(name), schema, study="smoke").height
    read(layout.pruning("switches"), a.SWITCHES, study="smoke")


def test_pruned_pools_keep_what_their_ranking_says(layout):
    scores = read(layout.ranking("scores"), r.SCORES)
    assert set(scores["metric"]) == {"random", "el2n", "forgetting", "self_prototypes", "dual", "low_confidence"}
    pool, whole = (read(layout.pool(name, 1), a.POOL) for name in ("el2n-hard-50-n400", "all-100-n400"))
    smaller = read(layout.pool("all-100-n100", 1), a.POOL)
    assert (pool.height, whole.height) == (200, 400)
    assert smaller.join(whole, on=["uid_hi", "uid_lo"], how="anti").is_empty()  # draws are nested
    drawn = scores.filter(metric="el2n").join(whole.select("uid_hi", "uid_lo"), on=["uid_hi", "uid_lo"])
    assert pool["score"].min() == drawn["score"].sort(descending=True)[199]
    own = read(layout.pool("el2n-easy-self-50-n100", 0), a.POOL)
    seen = scores.filter(metric="el2n").join(own, on=["uid_hi", "uid_lo"])
    assert not seen["score"].equals(seen["score_right"])  # another scorer, which saw the draw alone
    labels = read(layout.ranking("task"), r.TASK).select("uid_hi", "uid_lo", "label")
    counts = read(layout.pool("el2n-hard-balanced-50-n400", 0), a.POOL).join(labels, on=["uid_hi", "uid_lo"])
    assert counts.group_by("label").len()["len"].min() >= 8  # type: ignore[operator]


def test_what_the_report_says(layout):
    pruned = read_pruned(STUDY, layout)
    words = pruning_words(STUDY, pruned)
    assert sum(line.startswith("- ") for line in words) == 3
    assert any("Prune or repeat" in line for line in words)
    figures = pruning_figures(STUDY, pruned)
    assert [figure.name for figure in figures] == list(PRUNING_FIGURES)
    assert all("<svg" in figure.svg() for figure in figures)


def test_the_same_bytes_twice(layout, tmp_path):
    again = built(tmp_path)
    files = sorted(p.relative_to(layout.root) for p in layout.root.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(again.root) for p in again.root.rglob("*") if p.is_file())
    assert [f for f in files if (layout.root / f).read_bytes() != (again.root / f).read_bytes()] == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sizes": [100, 50]}, r"sizes\[1\] = 50 does not exceed"),
        ({"sets": [{"metric": "el2n", "fractions": [0.0]}]}, "fractions"),
        ({"sets": [{"metric": "el2n", "fractions": [1.2]}]}, "fractions"),
        ({"sets": [{"metric": "el2n", "fractions": [1.0]}]}, "prunes nothing"),
        ({"sets": [{"metric": "memorization", "fractions": [0.5]}]}, "scorer.subset"),
        ({"sets": [{"metric": "el2n", "fractions": [0.5], "sizes": [7]}]}, "7 is not among sizes"),
        ({"scorer": {"epochs": 2, "el2n_epoch": 3}}, "beyond epochs"),
    ],
)
def test_bad_studies(change, words):
    with pytest.raises(InputError, match=words):
        parsed(content("smoke") | {"pruning": PRUNING | change})


def test_a_pool_that_is_too_small(tmp_path):
    study = parsed(content("smoke") | {"pruning": PRUNING | {"sizes": [100, 400, 5000]}})
    with pytest.raises(InputError, match="fewer than 5000"):
        build_task(study, Layout(tmp_path))
    assert not list(tmp_path.rglob("*"))
