"""From sources to the chosen weights, stage by stage: trained here, and imported with embeddings alone."""

import numpy as np
import polars as pl
import pytest

from curation_scaling.artifacts import RUNS
from curation_scaling.artifacts_sources import (
    COEFFICIENTS,
    DISTANCES,
    SOURCE_CHOICES,
    SOURCE_ERRORS,
    SOURCE_PREDICTIONS,
    SOURCE_WEIGHTS,
)
from curation_scaling.errors import InputError
from curation_scaling.laws.reproduction.stage import reproduce
from curation_scaling.layout import Layout
from curation_scaling.report.reproduction import build_reproduction_report
from curation_scaling.stages import RERUN_STAGES
from curation_scaling.store import read
from curation_scaling.study.sources import MODELS
from source_data import imported, trained
from study_data import changed, parsed


def run(rerun, layout, *stages):
    spec = rerun.sources
    jobs = {"source-runs": spec.jobs, "source-choice-runs": [(seed,) for seed in spec.choice_seeds]}
    for stage in stages:
        for job in jobs.get(stage, [()]):
            RERUN_STAGES[stage][1](rerun, layout, *job)


TRAINED = ("sources", "source-distances", "source-runs", "source-laws", "source-weights", "source-choice-runs")
IMPORTED = ("sources", "source-distances", "source-import", "source-laws", "source-weights")


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A study that was trained here, whose report is written."""
    folder = tmp_path_factory.mktemp("trained")
    rerun, layout = parsed(trained(folder)), Layout(folder / "results/mixed")
    run(rerun, layout, *TRAINED, "source-choices")
    reproduce(rerun, layout)
    build_reproduction_report(rerun, layout)
    return rerun, layout


def table(layout, schema):
    return read(layout.source(schema.name.removeprefix("sources/")), schema, study="mixed")


def test_every_model_is_judged_on_what_it_has_not_seen(here):
    _, layout = here
    rows = table(layout, SOURCE_PREDICTIONS)
    assert set(rows["model"]) == set(MODELS)
    held = rows.filter(role="held_out")
    assert set(held["size"]) == {48, 96}
    assert (held["weights"].list.eval(pl.element().struct["weight"]).list.last() >= 0.5).all()
    assert held.filter(model="pq").height == 2 * 9
    assert rows.filter(role="projected", model="pq").height == 4
    turns = rows.filter(role="interpolated", model="pq")
    assert turns.height == 2 * 17  # each mixture once at each size
    assert (turns["predicted"] != rows.filter(role="fitted", model="pq")["predicted"][0]).all()
    errors = table(layout, SOURCE_ERRORS)
    one = held.filter(model="pq", size=48)
    expected = 100 * (one["predicted"] - one["measured"]).abs().mean()
    assert errors.filter(role="held_out", model="pq", size=48)["mean_absolute_error"].item() == pytest.approx(expected)
    assert (errors["lower"] <= errors["mean_absolute_error"]).all()
    projected = errors.filter(role="projected", model="pq")["amplification"].item()
    assert projected == pytest.approx(np.hypot(np.log(120 / 48), np.log(120 / 96)) / np.log(2))


def test_the_chosen_weights_are_trained_beside_the_plain_ones(here):
    _, layout = here
    weights = table(layout, SOURCE_WEIGHTS)
    assert weights.group_by("choice").agg(pl.sum("weight"))["weight"].to_list() == pytest.approx([1, 1, 1])
    plain = weights.filter(choice="proportional").sort("source")["weight"].to_list()
    assert plain == pytest.approx([130 / 280, 150 / 280])
    chosen = {row["choice"]: row for row in weights.iter_rows(named=True)}
    assert chosen["chosen"]["predicted"] <= min(chosen[name]["predicted"] for name in ("uniform", "proportional"))
    choices = table(layout, SOURCE_CHOICES)
    assert choices["trainings"].to_list() == [2, 2, 2]
    runs = read(layout.runs, RUNS, study="mixed")
    assert {"chosen", "uniform", "proportional"} < set(runs["pool"])
    assert runs["run_id"].n_unique() == 2 * 17 + 4 + 3 * 2


def test_the_report_says_what_to_take_and_how_far_to_trust_it(here):
    _, layout = here
    words = layout.answer.read_text(encoding="utf-8")
    assert "120 samples: take left " in words
    assert "On held-out mixtures, beyond the fitted ones, it misses by " in words
    page = layout.report.read_text(encoding="utf-8")
    for name in ("source_predictions", "source_errors", "source_projection", "source_choice"):
        assert f'id="figure-{name}"' in page
        assert layout.figure(name, "svg").exists()
    assert "Where every sample went" in page


def test_embeddings_alone_and_imported_trainings_give_weights_too(tmp_path):
    rerun, layout = parsed(imported(tmp_path)), Layout(tmp_path / "results/mixed")
    run(rerun, layout, *IMPORTED, "source-choices")
    rows = table(layout, SOURCE_ERRORS)
    assert set(rows["model"]) == set(MODELS) - {"repetition"}  # it needs errors after several passes
    # The imported errors are quadratic in the weights, with noise of .2 points.
    assert rows.filter(model="pseudo_quadratic", role="held_out")["mean_absolute_error"].max() < 2
    weights = table(layout, SOURCE_WEIGHTS).filter(choice="proportional").sort("source")
    assert weights["weight"].to_list() == pytest.approx([90 / 240, 150 / 240])  # left can deliver 90
    assert weights["largest"].to_list() == pytest.approx([90 / 160, 150 / 160])
    choices = table(layout, SOURCE_CHOICES)
    assert choices["measured"].null_count() == choices.height == 3
    reproduce(rerun, layout)
    build_reproduction_report(rerun, layout)
    assert "take left" in layout.answer.read_text(encoding="utf-8")


def test_the_coefficients_are_those_of_known_errors(tmp_path):
    content = imported(tmp_path)
    rerun, layout = parsed(content), Layout(tmp_path / "results/mixed")
    run(rerun, layout, "sources", "source-distances")
    distances = (
        table(layout, DISTANCES)
        .unique("mixture")
        .with_columns(left=pl.col("mixture").str.extract(r"mix-(\d+)-").cast(float) / 1000)
    )
    known = distances.select(
        "left", right=1 - pl.col("left"), samples="size",
        loss=0.02 * pl.col("distance") + 0.3 * pl.col("left") + 0.1 * (1 - pl.col("left")),
    )  # fmt: skip
    known.write_csv(tmp_path / "trainings.csv")
    run(rerun, layout, "source-import", "source-distances", "source-laws")
    rows = table(layout, COEFFICIENTS).filter(form="cs", fitted_to="not_held_out", size=40)
    found = dict(rows.select("coefficient", "estimate").iter_rows())
    assert found == pytest.approx({"b": 0.02, "c1[left]": 0.3, "c1[right]": 0.1}, abs=1e-9)
    errors = table(layout, SOURCE_ERRORS)
    assert (
        errors.filter(role="held_out").filter(pl.col("model").is_in(["cs", "pq"]))["mean_absolute_error"].max() < 1e-6
    )


def test_a_source_that_reveals_too_little_is_named(tmp_path):
    content = changed(trained(tmp_path), "sources.sizes", [48, 140])
    content = changed(changed(content, "sources.choose.size", 150), "sources.runs.larger", [])
    rerun, layout = parsed(content), Layout(tmp_path / "results/mixed")
    with pytest.raises(InputError, match=r"a mixture of key sources\.sizes needs 140"):
        run(rerun, layout, "sources", "source-distances")


def test_sources_that_cannot_deliver_the_size_are_named(tmp_path):
    content = changed(imported(tmp_path), "sources.choose.size", 400)
    rerun, layout = parsed(content), Layout(tmp_path / "results/mixed")
    with pytest.raises(InputError, match=r"key sources.choose.size: the sources hold 240 samples in all"):
        run(rerun, layout, "sources", "source-distances", "source-import", "source-weights")


def test_no_held_out_training_is_named(tmp_path):
    content = imported(tmp_path)
    rerun, layout = parsed(content), Layout(tmp_path / "results/mixed")
    frame = pl.read_csv(tmp_path / "trainings.csv")
    frame.filter(pl.col("right") < 0.5).write_csv(tmp_path / "trainings.csv")
    with pytest.raises(InputError, match="no training on 40 samples is held out"):
        run(rerun, layout, "sources", "source-distances", "source-import", "source-laws")
    frame.filter((pl.col("right") > 0.75) | (pl.col("right") < 0.17)).write_csv(tmp_path / "trainings.csv")
    run(rerun, layout, "source-distances", "source-import", "source-laws")
    held = table(layout, SOURCE_ERRORS).filter(role="held_out")
    assert set(held["model"]) == set(MODELS) - {"pq", "repetition"}  # four mixtures are fitted
    frame.filter((pl.col("right") > 0.75) | (pl.col("right") < 0.12)).write_csv(tmp_path / "trainings.csv")
    with pytest.raises(InputError, match="form cs has 3 coefficients for 2 sources, but 3 trainings on 3 mixtures"):
        run(rerun, layout, "source-distances", "source-import", "source-laws")
