"""The report of a study that ends at its pools."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from curation_scaling.draft import draft_study, write_draft
from curation_scaling.layout import Layout
from curation_scaling.pools.collect import collect_pools
from curation_scaling.pools.cut import build_buckets
from curation_scaling.pools.samples import build_samples
from curation_scaling.pools.unions import build_union
from curation_scaling.report.pools import build_pool_report
from curation_scaling.study import PoolStudy, load_study
from curation_scaling.study.save import save_study
from study_data import scored_table


def test_it_names_every_pool_its_rows_and_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    scored_table(40).rename({"uid": "id", "quality": "score"}).drop("length").write_parquet("docs.parquet")
    study = load_study(write_draft(draft_study("docs", "parquet", Path("docs.parquet"))))
    assert isinstance(study, PoolStudy)
    layout = Layout(Path("results/docs"))
    save_study(study, layout)
    build_samples(study, layout)
    build_buckets(study, layout, 0)
    for union in study.pools.unions:
        build_union(study, layout, union, 0)
    collect_pools(study, layout)
    build_pool_report(study, layout)
    answer = layout.answer.read_text()
    assert "- 40 rows read\n" in answer
    assert " 0 rows" not in answer
    assert "- top2: 20 rows, bucket1 + bucket2\n" in answer
    page = layout.report.read_text()
    for pool in study.pools.members:
        file = layout.subset(pool, 0)
        assert file.is_file()
        assert f"<td>{file.relative_to(layout.root)}</td>" in page
        assert pl.read_parquet(layout.pool(pool, 0)).height == {"top2": 20, "top3": 30, "all": 40}.get(pool, 10)
