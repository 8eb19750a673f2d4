from pathlib import Path

from curation_scaling.layout import Layout
from curation_scaling.runs.identity import run_id, run_identities
from study_data import changed, content, declared, parsed

ROOT = Path("results/x")


def test_all_paths_lie_below_the_study_and_differ():
    layout = Layout(ROOT)
    names = [name for name, value in vars(Layout).items() if isinstance(value, property) and name != "work"]
    plain = [getattr(layout, name) for name in names]
    paths = [path for item in plain for path in (item if isinstance(item, list) else [item])]
    for pool in ("a", "b"):
        for draw in (0, 1):
            paths += [layout.pool(pool, draw), layout.subset(pool, draw)]
            paths += [layout.run(pool, draw, seed) for seed in (0, 1)]
    paths += [part(draw) for part in (layout.edges_of, layout.summary_of) for draw in (0, 1)]
    paths += [layout.law(name) for name in ("fits", "draws", "predictions", "mixtures", "holdout", "diagnostics")]
    paths += [layout.part("a", part) for part in (0, 1)] + [layout.whole_subset("a"), layout.parts("a")]
    work = layout.work
    for i in (0, 1):
        paths += [part(i) for part in (work.merged, work.merged_counts, work.contents, work.repeats, work.tally)]
        paths += [work.scored(i), work.scored_counts(i), work.run("rows", i), work.read("rows", i)]
        paths += [work.level(name, level, i) for name in ("buckets", "top") for level in (0, 1)]
    paths += [work.ranks(score) for score in ("clip", "tmars")]
    assert len(set(paths)) == len(paths)
    assert all(path.is_relative_to(ROOT) for path in paths)


def test_wildcards_stay_as_they_are():
    assert Layout(ROOT).run("{pool}", "{draw}", "{seed}").name == "{pool}.draw-{draw}.seed-{seed}.parquet"


def test_runs_are_named_by_their_identity():
    study = parsed(content("smoke"), runs__seeds=2)
    identities = run_identities(study)
    assert len(identities) == len({run_id(*identity) for identity in identities}) == 6 * 3 * 2
    assert ("top2", 1, 1) in identities
    grown = run_identities(parsed(content("smoke"), runs__seeds=3, pools__draws=4))
    assert set(identities) <= set(grown)
    assert run_identities(parsed(declared())) == []


def test_chosen_pools_alone_are_trained():
    study = changed(content("smoke"), "pools.unions", {"top2": ["bucket1", "bucket2"]})
    study = changed(study, "frontier", {"budgets": [300, 600], "candidates": ["bucket1", "top2"]})
    found = run_identities(parsed(study, runs__pools=["bucket1", "bucket2"]))
    assert [pool for pool, _, _ in found] == ["bucket1"] * 3 + ["bucket2"] * 3
