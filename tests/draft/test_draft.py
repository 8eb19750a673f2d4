"""Drafted studies are valid as they stand and run: from samples, from metadata, from runs, from results of DataComp."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from curation_scaling.cli import main
from curation_scaling.draft import draft_study, write_draft
from curation_scaling.errors import InputError
from curation_scaling.laws.stage import fit_laws
from curation_scaling.layout import Layout
from curation_scaling.pools.collect import collect_pools
from curation_scaling.pools.cut import build_buckets
from curation_scaling.pools.samples import build_samples
from curation_scaling.runs.collect import collect_runs
from curation_scaling.study import PoolStudy, Study, load_study
from curation_scaling.study.plan import describe_plan
from curation_scaling.study.save import save_study
from study_data import scored_table


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def samples(path: str = "docs.parquet", rows: int = 60, **columns: str) -> Path:
    frame = scored_table(rows).with_columns(lang=pl.lit("en"))
    frame = frame.rename({"uid": "doc_id", "quality": "quality_score", "length": "num_tokens"} | columns)
    (frame.write_csv if path.endswith(".csv") else frame.write_parquet)(path)  # type: ignore[operator]
    return Path(path)


def runs(path: str = "runs.csv", **extra: Any) -> Path:
    rows = [
        {"bucket": pool, "tokens_seen": seen, "val_loss": level * seen**-slope + 1.5}
        for pool, level, slope in (("bucket1", 4.0, 0.20), ("bucket2", 4.0, 0.17), ("all", 4.0, 0.19))
        for seen in (30, 60, 120, 240, 480)
    ]
    pl.DataFrame(rows).with_columns(**{k: pl.lit(v) for k, v in extra.items()}).write_csv(path)
    return Path(path)


def written(name: str, kind: str, path: Path, **options: Any) -> PoolStudy:
    study = load_study(write_draft(draft_study(name, kind, path, **options)))
    assert isinstance(study, PoolStudy)
    assert study.study == name
    return study


def cut_docs() -> Layout:
    """Cut the pools of docs.yaml, as the workflow's rules would."""
    pools = load_study(Path("docs.yaml"))
    assert isinstance(pools, PoolStudy)
    layout = Layout(Path("results/docs"))
    save_study(pools, layout)
    build_samples(pools, layout)
    build_buckets(pools, layout, 0)
    collect_pools(pools, layout)
    return layout


@pytest.mark.parametrize(("kind", "path"), [("parquet", "docs.parquet"), ("csv", "docs.csv")])
def test_a_table_of_samples_becomes_pools(here: Path, kind: str, path: str) -> None:
    study = written("docs", kind, samples(path))
    layout = Layout(here / "results/docs")
    save_study(study, layout)
    build_samples(study, layout)
    build_buckets(study, layout, 0)
    assert study.unit == "tokens"
    manifest = pl.read_parquet(layout.pool("bucket1", 0))
    assert manifest.height == 15
    assert manifest["score"].min() >= pl.read_parquet(layout.pool("bucket2", 0))["score"].max()  # type: ignore[operator]
    assert "jobs: 7" in describe_plan(study)


def test_what_was_guessed_is_marked_and_what_does_not_fit_is_left_out(here: Path) -> None:
    draft = draft_study("docs", "csv", samples("docs.csv", quality="perplexity"))
    assert "which end of perplexity is the better one?" in draft.questions
    assert "keep: low # QUESTION" in draft.text
    assert "    # group: lang" in draft.text
    pl.read_csv("docs.csv").with_columns(num_tokens=pl.lit(0)).write_csv("docs.csv")
    assert "num_tokens has rows that are empty or below 1" in draft_study("docs", "csv", Path("docs.csv")).text


def test_hostile_names_stay_data(here: Path) -> None:
    name = 'a: {b} # "c"\n$(touch pwned).csv'
    content = yaml.safe_load(draft_study("docs", "csv", samples(name)).text)
    assert content["pools"]["source"]["files"][0]["path"] == name
    assert sorted(p.name for p in here.iterdir()) == [name]


def test_metadata_of_datacomp_becomes_shards(here: Path) -> None:
    Path("small").mkdir()
    for i in range(2):
        frame = scored_table(20).select("uid", clip_l14_similarity_score="quality", text=pl.lit("a b c"))
        frame.write_parquet(f"small/{i}.parquet")
    study = written("dc", "datacomp", Path("small"))
    assert "shards: 2, about 40 rows" in describe_plan(study)
    text = Path("dc.yaml").read_text()
    assert "precision: float32" not in text  # these scores are float64
    assert "--from eval-jsonl FOLDER --pools results/dc" in text
    narrow = pl.read_parquet("small/0.parquet").with_columns(pl.col("clip_l14_similarity_score").cast(pl.Float32))
    narrow.write_parquet("narrow.parquet")
    assert "    precision: float32\n" in draft_study("dc", "datacomp", Path("narrow.parquet")).text
    with pytest.raises(InputError, match=r"^\. holds no \.jsonl file: name a file or a folder with some$"):
        draft_study("dc", "eval-jsonl", Path())
    Path("data/metadata").mkdir(parents=True)
    narrow.write_parquet("data/metadata/0.parquet")
    with pytest.raises(InputError, match=r"data holds no \.parquet file: name data/metadata, which does"):
        draft_study("dc", "datacomp", Path("data"))
    pl.read_parquet("small/0.parquet").select("uid", "text").write_parquet("no.parquet")
    with pytest.raises(InputError, match="has uid, text: DataComp's metadata has uid and a similarity score"):
        draft_study("dc", "datacomp", Path("no.parquet"))


def test_runs_done_elsewhere_become_an_answer(here: Path) -> None:
    """The guide of the README: pools, runs on them, and the laws of these runs."""
    written("docs", "parquet", samples())
    text = Path("docs.yaml").read_text().replace("buckets: 4", "buckets: 2")
    head, tail = text.split("    top2:")
    Path("docs.yaml").write_text(head + "    all: [bucket1, bucket2]\n\n#" + tail.split("\n\n#", 1)[1])
    layout = cut_docs()
    study = written("answer", "csv", runs(), pools=Path("results/docs"))
    assert isinstance(study, Study)
    assert study.unit == "tokens"
    assert study.pools.unions == {"all": ["bucket1", "bucket2"]}
    edges = pl.read_parquet(layout.edges)
    assert study.pools.source.sizes == dict(edges.select("pool", "size").iter_rows())  # type: ignore[union-attr]
    done = Layout(Path("results/answer"))
    save_study(study, done)
    collect_runs(study, done)
    assert pl.read_parquet(done.runs)["metric"].unique().to_list() == ["val_loss"]
    fit_laws(study.model_copy(update={"laws": study.laws.model_copy(update={"bootstrap": 10})}), done)
    assert pl.read_parquet(done.law("comparison"))["chosen"].sum() == 1


def test_sizes_come_from_a_column_or_from_the_command_line(here: Path) -> None:
    with pytest.raises(InputError, match="how many unique samples 'bucket1' has is not known; give --size bucket1="):
        draft_study("a", "csv", runs())
    sizes = {"bucket1": 40.0, "bucket2": 40.0, "all": 80.0}
    assert isinstance(written("a", "csv", runs(), sizes=sizes), Study)
    assert isinstance(written("b", "csv", runs(unique_tokens=40)), Study)


def test_accuracies_in_per_cent_become_errors(here: Path) -> None:
    frame = pl.read_csv(runs(pool_size=40)).with_columns(accuracy=100 * (1 - pl.col("val_loss") / 10)).drop("val_loss")
    frame.write_csv("runs.csv")
    study = written("a", "csv", Path("runs.csv"))
    layout = Layout(Path("results/a"))
    save_study(study, layout)
    assert isinstance(study, Study)
    collect_runs(study, layout)
    assert pl.read_parquet(layout.runs)["error"].is_between(0, 1).all()


def evaluation(path: str, accuracy: float) -> None:
    Path(path).mkdir(parents=True)
    row = {"key": "imagenet1k", "dataset": "ImageNet 1k", "metrics": {"main_metric": accuracy}}
    (Path(path) / "eval_results.jsonl").write_text(json.dumps(row) + "\n")


def test_results_of_datacomp_say_pool_and_samples_by_their_folders(here: Path) -> None:
    for pool in ("t-mars", "clip top"):
        for n, (scale, accuracy) in enumerate((("small", 0.1), ("64M", 0.2), ("medium", 0.25))):
            evaluation(f"evals/{pool}/{scale}", accuracy + n / 100)
    study = written("ev", "eval-jsonl", Path("evals"), sizes={"t-mars": 12.8e6, "clip_top": 12.8e6})
    assert isinstance(study, Study)
    layout = Layout(Path("results/ev"))
    save_study(study, layout)
    collect_runs(study, layout)
    frame = pl.read_parquet(layout.runs).filter(pool="clip_top").sort("samples_seen")
    assert frame["metric"].unique().to_list() == ["imagenet1k_error"] == [study.runs.metric]  # type: ignore[union-attr]
    assert frame["samples_seen"].to_list() == [12_800_000, 64_000_000, 128_000_000]
    evaluation("bad/nothing", 0.1)
    with pytest.raises(InputError, match="do not say which pool and how many samples seen"):
        draft_study("x", "eval-jsonl", Path("bad"))
    with pytest.raises(InputError, match="has no task 'imagenet'; name one by --column task=NAME: imagenet1k"):
        draft_study("x", "eval-jsonl", Path("evals"), columns={"task": "imagenet"})


def test_pools_of_results_stand_in_their_order_and_the_metric_is_an_error(here: Path) -> None:
    for pool in ("bucket10", "bucket2", "bucket1"):
        for seen in ("102.4k", "12.8k"):
            evaluation(f"evals/{pool}/{seen}", 0.1)
    text = draft_study("ev", "eval-jsonl", Path("evals"), sizes={f"bucket{i}": 5e3 for i in (10, 2, 1)}).text
    content = yaml.safe_load(text)
    files = [(item["pool"], item["samples_seen"]) for item in content["runs"]["files"]]
    assert files == [(f"bucket{i}", seen) for i in (1, 2, 10) for seen in (12_800, 102_400)]
    assert content["runs"]["metric"] == "imagenet1k_error"


def test_many_buckets_stand_best_first(here: Path) -> None:
    written("docs", "parquet", samples())
    text = Path("docs.yaml").read_text().replace("buckets: 4", "buckets: 11").split("  unions:")[0]
    Path("docs.yaml").write_text(text)
    cut_docs()
    pl.read_csv(runs()).with_columns(pl.col("bucket").replace("all", "bucket10")).sort("val_loss").write_csv("runs.csv")
    study = written("answer", "csv", Path("runs.csv"), pools=Path("results/docs"))
    assert study.pools.bucket_names == ["bucket1", "bucket2", "bucket10"]


@pytest.mark.parametrize(
    ("kind", "options", "sentence"),
    [
        ("json", {}, "--from json: the choices are parquet, csv, datacomp, eval-jsonl"),
        ("csv", {}, "docs.parquet does not end in .csv"),
        (
            "parquet",
            {"columns": {"scor": "lang"}},
            "there is no role 'scor'; these are: id, score, size, group (did",
        ),
        ("parquet", {"columns": {"score": "qualty_score"}}, "(did you mean 'quality_score'?)"),
        ("parquet", {"columns": {"score": "lang"}}, "no column of numbers looks like a score"),
    ],
)
def test_what_cannot_be_drafted_is_refused_in_one_sentence(
    here: Path, kind: str, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InputError) as caught:
        draft_study("docs", kind, samples(), **options)
    assert sentence in str(caught.value)


def test_the_command_writes_once_and_says_what_comes_next(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    samples()
    assert main(["new", "docs", "--from", "parquet", "docs.parquet"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("docs.yaml: a valid study with 5 guesses to look at:\n")
    assert out.endswith("snakemake --cores all --configfile docs.yaml\n")
    assert main(["new", "docs", "--from", "parquet", "docs.parquet"]) == 2
    assert "docs.yaml is already there" in capsys.readouterr().err
    Path("broken.parquet").write_bytes(b"PAR1 no")
    assert main(["new", "x", "--from", "parquet", "broken.parquet"]) == 2
    assert "broken.parquet cannot be read" in capsys.readouterr().err
    assert main(["new", "../x", "--from", "parquet", "docs.parquet"]) == 2
    assert not Path("../x.yaml").exists()
