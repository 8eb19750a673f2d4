"""Studies of shards: what is refused, and which key runs which stage again."""

import re
from copy import deepcopy

import pytest

from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.study import PoolStudy, Study, parse_study
from curation_scaling.study.keys import stage_digest
from curation_scaling.study.locate import check_disk
from curation_scaling.study.shard_plan import ShardPlan
from study_data import ABSENT, FILES, changed, content

SYNTHETIC = content("synthetic_pool")
STAGES = {
    "shards-generate": {"shard": 0},
    "shards-ingest": {"table": "rows", "batch": 0},
    "shards-merge": {"batch": 0},
    "shards-level": {"select": "buckets", "level": 0, "batch": 0},
    "shards-cut": {"batch": 0},
    "shards-join": {"pool": "top3", "batch": 0},
    "shards-uids": {"pool": "bucket1"},
    "shards-subset": {"pool": "top3_quarter"},
    "shards-summary": {},
    "pool-report": {},
}


def digests(study):
    parsed = parse_study(study, "study.yaml")
    return {stage: stage_digest(parsed, stage, **identity) for stage, identity in STAGES.items()}


@pytest.mark.parametrize(
    ("key", "value", "stages"),
    [
        ("title", "Other words", {"pool-report"}),
        ("pools.source.rows_per_job", 1000, {"pool-report"}),
        ("seed", 8, {"shards-generate", "shards-subset", "pool-report"}),
        ("pools.source.rank_by", "tmars", {"shards-merge", "pool-report"}),
        ("pools.source.filters.0.min_words", 2, {"shards-ingest", "shards-merge", "pool-report"}),
        ("pools.buckets", 5, {"shards-level", "shards-cut", "shards-summary", "pool-report"}),
        ("pools.unions.top2", ["bucket1", "bucket2"], {"shards-summary", "pool-report"}),
        ("pools.unions.top3", ["bucket1", "bucket2"], {"shards-join", "shards-summary", "pool-report"}),
        ("pools.subsets.top3_quarter.share", 0.5, {"shards-subset", "shards-summary", "pool-report"}),
    ],
)
def test_a_changed_key_runs_what_depends_on_it(key, value, stages):
    before, after = digests(SYNTHETIC), digests(changed(SYNTHETIC, key, value))
    assert {stage for stage in STAGES if before[stage] != after[stage]} == stages


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("pools.source.rank_by", ABSENT, "key pools.source.combine: 2 scores are named; combine them, or choose one"),
        ("pools.source.rank_by", "clap", "key pools.source.rank_by: 'clap' is no score; these are: clip, tmars"),
        ("pools.source.shards", ["x"], "key pools.source.shards: give exactly one of shards and generate"),
        ("pools.source.parts", 5, "key pools.source.parts: 5 is no power of two; 8 is"),
        ("pools.source.filters.3.score", "x", "key pools.source.filters[3].score: 'x' is no score"),
        ("pools.source.filters.0.name", "duplicate", "key pools.source.filters[0].name: 'duplicate' is an outcome"),
        (
            "pools.source.filters.1.name",
            "short_caption",
            "filters[1]: 'short_caption' stands there twice",
        ),
        (
            "pools.source.filters.0.kind",
            "capton",
            "filters[0].kind is 'capton'; did you mean 'caption'?",
        ),
        ("pools.top", [0.5], "key pools.top: give exactly one of buckets, edges and top"),
        ("pools.draws", 2, "key pools.sample: shards are cut whole; take random parts of pools by subsets"),
        ("pools.subsets.part", {"of": "x", "size": 1}, "key pools.subsets.part.of: 'x' is no pool; these are: bucket1"),
        ("pools.subsets.part", {"of": "top3"}, "key pools.subsets.part.size: give exactly one of size and share"),
        ("pools.score", {"kind": "sharpness"}, "key pools.score: a table brings its own score, remove score"),
        ("unit", "characters", "key unit: shards are measured in samples or tokens"),
    ],
)
def test_mistakes_are_one_sentence(key, value, message):
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        parse_study(changed(SYNTHETIC, key, value), "study.yaml")
    assert "\n" not in str(caught.value)


def test_tokens_need_their_column():
    study = changed(changed(SYNTHETIC, "unit", "tokens"), "pools.source.tokens", ABSENT)
    with pytest.raises(InputError, match=r"key pools.source.tokens is missing; the unit is tokens"):
        parse_study(study, "study.yaml")


def test_a_command_that_reads_subset_files_needs_them():
    trainer = {"kind": "command", "command": "train {uids} {output}", "metric": "loss"}
    trained = SYNTHETIC | {
        "runs": {"kind": "train", "trainer": trainer, "checkpoints": [100, 200, 400]},
        "frontier": {"budgets": [400]},
    }
    assert type(parse_study(trained, "s")) is Study
    with pytest.raises(
        InputError, match=r"key runs.trainer.command: \{uids\} is a subset file; set pools.source.subset"
    ):
        parse_study(changed(trained, "pools.source.subset_files", False), "s")


def test_a_study_without_runs_ends_at_its_pools():
    assert type(parse_study(SYNTHETIC, "s")) is PoolStudy
    assert type(parse_study(content("smoke"), "s")) is Study
    with pytest.raises(InputError, match="key runs is missing"):
        parse_study(SYNTHETIC | {"frontier": {"budgets": [1]}}, "s")


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith(("datacomp", "synthetic"))])
def test_templates_have_unions_of_their_own_buckets(name):
    study = parse_study(content(name), name)
    assert isinstance(study, PoolStudy)
    assert ShardPlan(study).jobs <= 52


def test_a_full_disk_is_refused_before_any_job(tmp_path):
    study = deepcopy(SYNTHETIC)
    study["pools"]["source"]["rows"] = int(1e15)
    with pytest.raises(InputError, match=r"needs about [0-9.e+]+ GB more .*, [0-9.e+]+ GB are free"):
        check_disk(parse_study(study, "s"), Layout(tmp_path))
    assert "GB are free" in check_disk(parse_study(SYNTHETIC, "s"), Layout(tmp_path))
