"""A stage's digest changes with the keys that change its result, and with nothing else."""

import pytest

from curation_scaling.study.keys import stage_digest
from curation_scaling.study.runs import Train
from study_data import content, declared, parsed, table

STAGES = ("samples", "buckets", "union", "pools", "train", "runs", "laws", "frontier", "report")
IMPORTED = ("runs", "laws", "frontier", "report")


def digests(study):
    """The digest of every job of a study, by stage and identity."""
    jobs = [(stage, ()) for stage in IMPORTED]
    if isinstance(study.runs, Train):
        draws, seeds = range(study.pools.draws), range(study.runs.seeds)
        jobs += [(stage, ()) for stage in ("samples", "pools")]
        jobs += [("buckets", (("draw", d),)) for d in draws]
        jobs += [("union", (("pool", u), ("draw", d))) for u in study.pools.unions for d in draws]
        jobs += [
            ("train", (("pool", p), ("draw", d), ("seed", s)))
            for p in study.trained_pools
            for d in draws
            for s in seeds
        ]
    return {(stage, identity): stage_digest(study, stage, **dict(identity)) for stage, identity in jobs}


def moved(before, after):
    """Stages with a job whose digest changed; jobs must not vanish."""
    old, new = digests(before), digests(after)
    assert old.keys() <= new.keys()
    return {stage for (stage, identity), value in old.items() if new[stage, identity] != value}


SMOKE = content("smoke")
REST = {"runs", "laws", "frontier", "report"}


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        # a study grows: what it has stays
        ("pools.unions.mid", ["bucket2", "bucket3"], REST),
        ("pools.draws", 4, {"pools", "runs", "report"}),
        ("runs.seeds", 2, {"runs", "report"}),
        ("frontier.budgets", [300, 600, 1200, 2400, 4800, 9600, 19200], {"frontier", "report"}),
        # what does not change a result
        ("title", "Other words", {"report"}),
        ("data_root", "elsewhere", set()),
        ("pools.source.folder", "elsewhere", {"report"}),
        ("pools.source.download", False, {"report"}),
        # what does
        ("seed", 8, {"samples", "buckets", "train", "laws", "report"}),
        ("unit", "tokens", {"train", "frontier", "report"}),
        ("pools.source.blur_sigma_max", 1.0, {"samples", "report"}),
        ("pools.keep", "low", {"buckets", "report"}),
        ("pools.within_group", False, {"buckets", "report"}),
        ("pools.sample.size", 1000, {"buckets", "report"}),
        ("pools.unions.top2", ["bucket1", "bucket3"], {"union", "train", "laws", "frontier", "report"}),
        ("runs.checkpoints", [300, 600], {"train", "report"}),
        ("runs.trainer.hidden", [16], {"train", "report"}),
        ("runs.trainer.learning_rate", 0.1, {"train", "report"}),
        ("laws.bootstrap", 100, {"laws", "frontier", "report"}),
        ("laws.gamma", 1, {"laws", "frontier", "report"}),
        ("frontier.candidates", ["bucket1", "all"], {"laws", "frontier", "report"}),
    ],
)
def test_a_changed_key_of_a_trained_study(key, value, expected):
    study = SMOKE | {"laws": {"gammas": [0, 1], "gamma": 0}}
    path = key.replace(".", "__")
    assert moved(parsed(study), parsed(study, **{path: value})) == expected


def test_what_the_network_reads_belongs_to_its_identity():
    before = parsed(SMOKE)
    trainer = before.runs.trainer.model_copy(update={"inputs": "characters"})
    after = before.model_copy(update={"runs": before.runs.model_copy(update={"trainer": trainer})})
    assert "train" in moved(before, after)


@pytest.mark.parametrize("key", ["cpus", "mem_mb", "gpus", "minutes"])
def test_resources_of_a_command_train_nothing_again(key):
    assert moved(parsed(table()), parsed(table(), **{f"runs__trainer__{key}": 7})) == {"report"}


def test_a_command_and_its_metric_train_again():
    assert moved(parsed(table()), parsed(table(command="other {output}"))) == {"train", "report"}
    assert moved(parsed(table()), parsed(table(), runs__trainer__metric="accuracy")) == {"train", "report"}


def test_a_table_enters_by_its_bytes_and_its_columns():
    assert moved(parsed(table("a.parquet")), parsed(table("b.parquet"))) == {"report"}
    assert moved(parsed(table()), parsed(table(), pools__source__score="other")) == {"samples", "report"}


FILE = {"format": "csv", "file": {"path": "a.csv", "url": "https://a.example"}, "pools": {"url": "good"}} | {
    "columns": {"pool": "pool", "samples_seen": "n", "error": "err"}
}


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("runs.files.0.file.path", "b.csv", {"report"}),
        ("runs.files.0.file.url", "https://b.example", {"report"}),
        ("runs.files.0.columns.error", "other", {"runs", "report"}),
        ("runs.files.0.pools", {"url": "bad"}, {"runs", "report"}),
        ("runs.files.0.percent", True, {"runs", "report"}),
        ("runs.points.0.error.0", 0.51, {"runs", "report"}),
        ("runs.params", 5, {"runs", "report"}),
        ("pools.source.sizes.good", 101, {"runs", "report"}),
        ("pools.source.overlapping", ["apart"], {"runs", "laws", "frontier", "report"}),
        ("frontier.budgets", [400], {"frontier", "report"}),
    ],
)
def test_a_changed_key_of_imported_runs(key, value, expected):
    study = declared()
    study["runs"]["files"] = [FILE]
    study["pools"]["source"]["sizes"]["apart"] = 100
    study["frontier"]["candidates"] = ["good", "all"]
    assert moved(parsed(study), parsed(study, **{key.replace(".", "__"): value})) == expected


def test_jobs_of_a_stage_differ():
    found = digests(parsed(SMOKE))
    jobs = [value for (stage, _), value in found.items() if stage in ("train", "union", "buckets")]
    assert len(set(jobs)) == len(jobs)
    assert {stage for stage, _ in found} == set(STAGES)
