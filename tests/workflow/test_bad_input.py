"""Bad input ends in one clear sentence, a non-zero exit code, and no artifact; before any job where it can be known."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from harness import Workspace, tiny


def imported(**runs: Any) -> dict[str, Any]:
    """A study on imported runs of two declared pools."""
    return {
        "study": "imported",
        "title": "Runs done elsewhere",
        "seed": 1,
        "pools": {
            "source": {"kind": "declared", "sizes": {"good": 1000, "poor": 1000}},
            "unions": {"all": ["good", "poor"]},
        },
        "runs": {"kind": "import", "metric": "error", "source": "test", **runs},
        "laws": {"bootstrap": 40, "names": ["goyal_eq3"]},
        "frontier": {"budgets": [1000, 4000]},
    }


def curves() -> pl.DataFrame:
    """Errors of two pools that follow a power law with repetition."""
    rows = []
    for pool, b in (("good", -0.2), ("poor", -0.1)):
        error = 0.9
        for i, n in enumerate([500, 1000, 2000, 4000, 8000]):
            error *= (2 ** (b * 0.8**i)) * (1.001 if i % 2 else 1.0)
            rows.append({"pool": pool, "samples_seen": n, "error": error})
    return pl.DataFrame(rows)


def table(path: Path, **more: Any) -> dict[str, Any]:
    columns = {"pool": "pool", "samples_seen": "samples_seen", "error": "error"}
    return {"format": path.suffix[1:], "file": {"path": str(path)} | more, "columns": columns}


def refused(workspace: Workspace, study: Any, *words: str) -> None:
    """No job starts: one sentence with the words, nothing written."""
    done = workspace.run(workspace.study(study))
    text = done.stdout + done.stderr
    assert done.returncode != 0
    assert "Traceback" not in text
    sentences = [line for line in text.splitlines() if all(word in line for word in words)]
    assert sentences, text
    assert "Select jobs" not in text
    assert not (workspace.folder / "results").exists()


def fails(workspace: Workspace, study: dict[str, Any], *words: str) -> None:
    """A job ends with one sentence with the words, and leaves no artifact of its own."""
    done = workspace.run(workspace.study(study))
    text = done.stdout + done.stderr
    assert done.returncode != 0
    sentences = [line for line in text.splitlines() if line.startswith("curation-scaling: ")]
    assert any(all(word in line for word in words) for line in sentences), text
    assert "Traceback" not in text
    assert not list((workspace.folder / "results").rglob("*.tmp"))


@pytest.mark.parametrize(
    ("study", "words"),
    [
        (tiny(pools__bukets=4), ("study.yaml", "pools.bukets", "did you mean 'buckets'")),
        (tiny(pools__draws="many"), ("study.yaml", "pools.draws", "many")),
        (tiny(study="a/b"), ("study.yaml", "study", "a/b")),
        (tiny(study=".."), ("study.yaml", "study", "..")),
        (tiny(frontier=None), ("study.yaml", "frontier", "missing")),
        (tiny(pools__buckets=None, pools__edges=[3.0, 2.0]), ("study.yaml", "edges[1] = 2", "edges[0] = 3")),
        (tiny(frontier__budgets=[100, 1200]), ("study.yaml", "frontier.budgets[0]", "below one pool")),
        (tiny(frontier__budgets=[]), ("study.yaml", "frontier.budgets")),
        (tiny(pools__unions={"all": ["bucket1", "bucket9"]}), ("study.yaml", "unions.all", "bucket9")),
    ],
    ids=["unknown-key", "wrong-type", "slash", "dots", "missing", "edges", "budgets", "no-budget", "member"],
)
def test_a_bad_study_is_refused_before_any_job(workspace: Workspace, study: Any, words: tuple[str, ...]) -> None:
    refused(workspace, study, *words)


def test_a_missing_file_says_where_to_get_it(workspace: Workspace) -> None:
    item = table(Path("curves.csv"), url="https://example.org/curves.csv", sha256="0" * 64)
    refused(workspace, imported(files=[item]), "curves.csv", "https://example.org", "0" * 64, "data_root")


def test_a_sha256_mismatch_is_refused(workspace: Workspace) -> None:
    path = workspace.folder / "curves.csv"
    curves().write_csv(path)
    digest = hashlib.sha256(b"something else").hexdigest()
    refused(workspace, imported(files=[table(path, sha256=digest)]), "curves.csv", "sha256", digest)


def test_good_curves_are_imported(workspace: Workspace) -> None:
    """The same study with nothing wrong ends well, so that the refusals above are for their reasons."""
    path = workspace.folder / "curves.csv"
    curves().write_csv(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    workspace.built(workspace.study(imported(files=[table(path, sha256=digest)])))
    assert (workspace.folder / "results/imported/frontier.parquet").is_file()


def test_a_truncated_parquet_file_is_named(workspace: Workspace) -> None:
    path = workspace.folder / "curves.parquet"
    curves().write_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    fails(workspace, imported(files=[table(path)]), "curves.parquet", "truncated or damaged")


def test_a_nan_error_is_named_with_its_row(workspace: Workspace) -> None:
    path = workspace.folder / "curves.csv"
    curves().with_columns(error=pl.when(pl.int_range(pl.len()) == 3).then(float("nan")).otherwise("error")).write_csv(
        path
    )
    fails(workspace, imported(files=[table(path)]), "curves.csv", "error is nan in row 3")


def test_duplicate_runs_are_named(workspace: Workspace) -> None:
    path = workspace.folder / "curves.csv"
    pl.concat([curves(), curves()]).write_csv(path)
    fails(workspace, imported(files=[table(path)]), "curves.csv", "good.draw-0.seed-0", "twice")


def test_a_missing_score_column_is_named(workspace: Workspace) -> None:
    path = workspace.folder / "metadata.parquet"
    pl.DataFrame({"uid": [f"{i:032x}" for i in range(100)], "clip": [float(i) for i in range(100)]}).write_parquet(path)
    fails(workspace, _on_table(path, "clip_score"), "metadata.parquet", "clip_score")


def test_budgets_below_one_pool_of_a_table_are_named(workspace: Workspace) -> None:
    path = workspace.folder / "metadata.parquet"
    pl.DataFrame({"uid": [f"{i:032x}" for i in range(100)], "clip": [float(i) for i in range(100)]}).write_parquet(path)
    study = _on_table(path, "clip")
    study["frontier"]["budgets"] = [10, 100]
    study["laws"]["main"] = "goyal_eq3"
    study["runs"]["trainer"]["command"] = f"bash {workspace.folder}/train.sh {{output}}"
    rows = [
        {"samples_seen": n, "metric": "loss", "error": e} for n, e in ((25, 0.9), (50, 0.8), (100, 0.72), (200, 0.67))
    ]
    text = "\n".join(json.dumps(row) for row in rows)
    (workspace.folder / "train.sh").write_text(f"cat > $1 <<'END'\n{text}\nEND\n")
    fails(workspace, study, "frontier.budgets[0]", "below one pool")


def _on_table(path: Path, score: str) -> dict[str, Any]:
    return {
        "study": "table",
        "title": "A table of scores",
        "seed": 1,
        "pools": {"source": {"kind": "table", "files": [{"path": str(path)}], "score": score}, "buckets": 2},
        "runs": {
            "kind": "train",
            "trainer": {"kind": "command", "command": "false {output}", "metric": "loss"},
            "checkpoints": [25, 50, 100, 200],
        },
        "laws": {"bootstrap": 40, "names": ["goyal_eq3"]},
        "frontier": {"budgets": [50, 100]},
    }
