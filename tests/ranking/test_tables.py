"""Correlations, agreement of seeds, overlaps, class skew, and files that others read and write."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import kendalltau, spearmanr

from curation_scaling.artifacts_ranking import CORRELATION, OVERLAP, SCORES, SKEW
from curation_scaling.cli import main
from curation_scaling.errors import InputError
from curation_scaling.pools.subset import SUBSET
from curation_scaling.ranking.compare import class_skew, overlap, reliability
from curation_scaling.ranking.correlation import correlations
from curation_scaling.ranking.embeddings import read_embeddings, unit_batches
from curation_scaling.ranking.exchange import read_array_scores, read_scores, write_kept, write_scores
from curation_scaling.ranking.tables import ranking_tables

RNG = np.random.default_rng(3)
BASE = RNG.normal(size=600)
TABLE = {"a": BASE, "b": BASE + RNG.normal(size=600), "c": RNG.integers(0, 4, 600).astype(float)}


def test_correlations_are_scipys_and_their_intervals_cover():
    found = correlations(TABLE, seed=1)
    for first, second in (("a", "b"), ("a", "c"), ("b", "c")):
        row = {r["method"]: r for r in found.filter(first=first, second=second).iter_rows(named=True)}
        assert row["spearman"]["estimate"] == pytest.approx(spearmanr(TABLE[first], TABLE[second]).statistic)
        assert row["kendall"]["estimate"] == pytest.approx(kendalltau(TABLE[first], TABLE[second]).statistic)
    ab = found.filter(first="a", second="b", method="spearman").row(0, named=True)
    assert ab["lower"] < 0.69 < ab["upper"]  # of two normals with correlation 1/sqrt(2): 6/pi arcsin(r/2) = .6897
    assert ab["upper"] - ab["lower"] < 0.15
    assert found.equals(correlations(TABLE, seed=1))


def test_reliability_of_seeds():
    seeds = np.stack([BASE + RNG.normal(size=600) for _ in range(4)])
    found = reliability(seeds)
    assert found["models"] == 4
    assert found["single"] == pytest.approx(0.48, abs=0.06)
    assert found["mean_of_all"] == pytest.approx(4 * found["single"] / (1 + 3 * found["single"]))
    assert reliability(seeds[:1])["single"] is None


def test_overlap_and_skew():
    kept = {"a": np.arange(10), "b": np.arange(5, 15)}
    assert overlap(kept, 40).row(0, named=True) == {"first": "a", "second": "b", "shared": 0.5, "by_chance": 0.25}
    with pytest.raises(InputError, match="different sizes"):
        overlap({"a": np.arange(3), "b": np.arange(4)}, 10)
    skew = class_skew(np.arange(10), np.array(["x"] * 10 + ["y"] * 10))
    assert skew["kept_of_class"].to_list() == [1.0, 0.0]
    assert skew["total_variation"].to_list() == [0.5, 0.5]


def test_all_tables_of_a_scorer():
    uids = np.arange(600, dtype=np.uint64), np.zeros(600, np.uint64)
    groups = np.array(["x", "y"] * 300)
    tables = ranking_tables("all", uids, TABLE, groups=groups, fractions=[0.5, 0.1], seed=2)
    assert tables[SCORES].height == 1800
    assert tables[SCORES].filter(metric="a").sort("rank")["score"][0] == BASE.max()
    assert tables[CORRELATION].height == 6
    assert tables[OVERLAP].height == 3 * 2 * 2
    assert tables[SKEW].filter(metric="a", keep="hard", fraction=0.5)["share_kept"].sum() == pytest.approx(1)


def test_published_score_files(tmp_path):
    path = tmp_path / "el2n.csv"
    path.write_text("image,score\nn01/a.jpg,0.5\nn01/b.jpg,0.75\n")
    found = read_scores(path)
    assert sorted(found.select("name", "score").iter_rows()) == [("n01/a.jpg", 0.5), ("n01/b.jpg", 0.75)]
    assert found["uid_hi"].is_sorted()
    bare = tmp_path / "bare.csv"
    bare.write_text("n01/a.jpg,0.5\nn01/b.jpg,0.75\n")
    assert read_scores(bare).equals(found)
    write_scores(tmp_path / "again.csv", found["name"], found["score"])
    assert read_scores(tmp_path / "again.csv").equals(found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("image,score\na,0.5\na,0.6\n", "occurs more than once"),
        ("image,score\na,0.5\nb,nan\n", "row 1 has the name 'b' and the score 'nan'"),
        ("image,score\na,x\nb,0.5\n", "row 0 has the name 'a' and the score 'x'"),
        ("image\na\n", "single column"),
    ],
)
def test_bad_score_files(tmp_path, text, words):
    path = tmp_path / "scores.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        read_scores(path)


def test_kept_lists(tmp_path):
    kept = pl.DataFrame({"uid_hi": [3, 1], "uid_lo": [4, 2], "name": ["c", "a"]}).cast(
        {"uid_hi": pl.UInt64, "uid_lo": pl.UInt64}
    )
    for ending in ("parquet", "npy", "txt"):
        write_kept(tmp_path / f"kept.{ending}", kept)
    assert (tmp_path / "kept.txt").read_text() == "a\nc\n"
    assert np.load(tmp_path / "kept.npy").tolist() == [(1, 2), (3, 4)]
    assert np.load(tmp_path / "kept.npy").dtype == SUBSET
    assert pl.read_parquet(tmp_path / "kept.parquet")["name"].to_list() == ["a", "c"]
    with pytest.raises(InputError, match=r"written as \.parquet, \.npy or \.txt"):
        write_kept(tmp_path / "kept.json", kept)


def test_array_scores(tmp_path):
    np.savez(
        tmp_path / "s.npz", mean=np.array([0.5, 0.25], np.float16), seeds=np.ones((2, 3)), bad=np.array([1, np.nan])
    )
    found = read_array_scores(tmp_path / "s.npz", {"el2n": "mean", "each": "seeds"})
    assert found["el2n"].tolist() == [0.5, 0.25]
    assert found["each"].shape == (2, 3)
    for columns, words in (({"x": "other"}, "has no array 'other'"), ({"x": "bad"}, "finite numbers")):
        with pytest.raises(InputError, match=words):
            read_array_scores(tmp_path / "s.npz", columns)


def test_embeddings_stay_on_disk(tmp_path):
    x = RNG.normal(size=(50, 4)).astype(np.float32)
    np.save(tmp_path / "e.npy", x)
    uids, matrix = read_embeddings(tmp_path / "e.npy")
    assert uids is None
    assert isinstance(matrix, np.memmap)
    parts = [part for _, part in unit_batches(matrix, 16)]
    assert [len(p) for p in parts] == [16, 16, 16, 2]
    assert np.linalg.norm(np.concatenate(parts), axis=1) == pytest.approx(np.ones(50), abs=1e-6)
    frame = pl.DataFrame({"uid": ["b", "a"], "embedding": [[1.0, 2.0], [3.0, 4.0]]})
    frame.write_parquet(tmp_path / "e.parquet")
    uids, matrix = read_embeddings(tmp_path / "e.parquet")
    assert uids.shape == (2, 2)
    assert sorted(matrix.tolist()) == [[1.0, 2.0], [3.0, 4.0]]
    x[3] = 0
    with pytest.raises(InputError, match="row 3 has norm 0"):
        list(unit_batches(x))


def test_keeping_a_published_score_file(tmp_path, capsys):
    path = tmp_path / "el2n.csv"
    path.write_text("image,score\n" + "".join(f"i{n:03d},{n / 100}\n" for n in range(100)))
    outs = [tmp_path / f"kept.{ending}" for ending in ("parquet", "npy", "txt")]
    options = [word for out in outs for word in ("--out", str(out))]
    assert main(["keep", str(path), "--fraction", "0.1", *options]) == 0
    assert "kept 10 of 100" in capsys.readouterr().out
    assert set(outs[2].read_text().split()) == {f"i{n:03d}" for n in range(90, 100)}
    assert len(np.load(outs[1])) == pl.read_parquet(outs[0]).height == 10
    for fraction, out in (("0", "a.txt"), ("1.5", "a.txt"), ("0.5", "a.json")):
        assert main(["keep", str(path), "--fraction", fraction, "--out", str(tmp_path / out)]) == 2
        assert not (tmp_path / out).exists()
