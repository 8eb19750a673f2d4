"""The answer for each budget, and what speaks for and against it."""

import json
import re
from dataclasses import replace
from typing import Any

import polars as pl

from curation_scaling.report.choice import OPEN, budget_name, chooser, overview
from curation_scaling.report.results import Results
from curation_scaling.report.trust import trust


def choices(results: Results) -> list[dict[str, Any]]:
    """What the chooser can show, one a budget."""
    found = re.search(r'id="choices">(.*)</script>', chooser(results))
    assert found
    listed: list[dict[str, Any]] = json.loads(found[1])
    return listed


def told(results: Results) -> str:
    """The answers at all budgets, one below the other."""
    return "\n".join(choice[part] for choice in choices(results) for part in ("label", "verdict", "rest"))


def test_every_budget_has_an_answer_and_a_row(trained_results: Results) -> None:
    page, shown = told(trained_results), chooser(trained_results)
    assert [choice["budget"] for choice in choices(trained_results)] == [100, 400, 1600]
    assert 'max="2"' in shown
    assert shown.count("<option") == 3
    assert overview(trained_results).count("<tr>") == 4
    best = trained_results.main(trained_results.frontier).filter("best").sort("budget")
    for row in best.iter_rows(named=True):
        assert f"Keep <strong>{row['pool']}" in page
        assert f"{row['predicted']:.4g}" in page


def test_it_starts_at_the_largest_budget_that_was_reached(trained_results: Results) -> None:
    shown, last = chooser(trained_results).split('<script type="application/json"')[0], choices(trained_results)[1]
    assert 'step="1" value="1"' in shown  # 1600 is beyond the runs
    assert '<option value="1" selected="">400 samples' in shown
    assert last["verdict"] in shown
    assert last["rest"] in shown
    assert told(trained_results).count("This extrapolates") == 1


def test_many_budgets_are_listed_on_demand(trained_results: Results) -> None:
    one = trained_results.main(trained_results.frontier).filter(budget=400)
    many = pl.concat([one.with_columns(budget=pl.lit(400.0 + i)) for i in range(OPEN + 1)])
    assert overview(trained_results).startswith("<div")
    assert overview(replace(trained_results, frontier=many)).startswith("<details")


def test_the_measured_best_is_told(trained_results: Results) -> None:
    frontier = trained_results.main(trained_results.frontier)
    at = frontier.filter(pl.col("budget") == 400)
    really, chosen = at.filter("measured_best").row(0, named=True), at.filter("best").row(0, named=True)
    words = "was the best of all" if really["pool"] == chosen["pool"] else f"{really['pool']} was best"
    assert words in told(trained_results)


def test_null_flops_and_unmeasured_budgets_are_told(imported_results: Results) -> None:
    page = told(imported_results)
    assert "FLOPs" not in page
    assert "not at this budget" in page  # 1600 was never measured
    assert "None" not in page
    assert "None" not in overview(imported_results)


def test_a_single_candidate_has_no_second_choice(imported_results: Results) -> None:
    good = replace(imported_results, frontier=imported_results.frontier.filter(pl.col("pool") == "good"))
    assert "Second choice" not in told(good)


def test_budgets_in_flops_come_first(trained_results: Results) -> None:
    study = trained_results.study
    changed = study.model_copy(update={"frontier": study.frontier.model_copy(update={"unit": "flops"})})
    row = {"budget": 400.0, "flops": 2.4e6}
    assert budget_name(replace(trained_results, study=changed), row) == "2.4e6 FLOPs (400 samples)"
    assert budget_name(trained_results, row) == "400 samples (2.4e6 FLOPs)"


def test_switches_speak_of_both_directions(trained_results: Results) -> None:
    common = {"law": "goyal_eq3", "gamma": 0.0, "main": True, "flops": None, "share": 0.999}
    rows = [
        {"order": 0, "from_pool": "bucket1", "to_pool": "all", "budget": 200.0, "lower": None, "upper": 300.0},
        {"order": 1, "from_pool": "all", "to_pool": "bucket2", "budget": 900.0, "lower": 500.0, "upper": None},
    ]
    switches = pl.DataFrame([common | row for row in rows], schema=trained_results.switches.schema)
    page = told(replace(trained_results, switches=switches))
    assert (
        "below 200 samples (95% interval below the smallest budget to 300; it happens in &gt;99% of the draws)" in page
    )
    assert "above 900 samples (95% interval 500 to beyond the largest budget" in page
    calm = told(replace(trained_results, switches=switches.clear()))
    assert calm.count("the same pool is best from the smallest to the largest") == 3


def test_other_laws_that_disagree_are_named(trained_results: Results) -> None:
    frontier = trained_results.main(trained_results.frontier)
    worst = frontier.with_columns(best=pl.col("predicted") == pl.col("predicted").max().over("budget"))
    other = worst.with_columns(law=pl.lit("another"), main=pl.lit(False))
    page = told(replace(trained_results, frontier=pl.concat([trained_results.frontier, other])))
    assert page.count("Other laws or rules choose otherwise here") == 3
    assert "(another with gamma 0)" in page


def test_flagged_diagnostics_are_warnings(trained_results: Results) -> None:
    rows = {
        "law": ["goyal_eq3", "goyal_eq3", "another"],
        "name": ["a", "b", "c"],
        "subject": ["run <b>7</b>", "", ""],
        "value": [1.0, None, 2.0],
        "flag": [True, False, True],
        "message": ["moves the fit", "fine", "does not converge"],
    }
    clean = trained_results.fits.with_columns(flags=pl.lit(""))
    diagnostics = pl.DataFrame(rows, schema=trained_results.diagnostics.schema)
    page = trust(replace(trained_results, diagnostics=diagnostics, fits=clean))
    assert "1 warning about the law behind this answer" in page
    assert "run &lt;b&gt;7&lt;/b&gt;: moves the fit" in page
    assert "fine" not in page
    assert "1 warning about the other laws" in page
    calm = trust(replace(trained_results, diagnostics=diagnostics.clear(), fits=clean))
    assert "Nothing was found" in calm


def test_flagged_parameters_are_warnings(trained_results: Results) -> None:
    bad = pl.when(pl.col("parameter") == "d").then(pl.lit("at its bound")).otherwise(pl.lit(""))
    results = replace(
        trained_results,
        diagnostics=trained_results.diagnostics.clear(),
        fits=trained_results.fits.with_columns(flags=bad),
    )
    assert "is not to be trusted: at its bound" in trust(results)


def test_a_warning_of_several_parameters_is_told_once(trained_results: Results) -> None:
    subjects = ["d", "tau[bucket1]"]
    rows = {
        "law": ["goyal_eq3"] * 2,
        "name": ["at a bound"] * 2,
        "subject": subjects,
        "value": [0.0, 1e4],
        "flag": [True] * 2,
        "message": [f"{subject}: it is at a bound" for subject in subjects],
    }
    diagnostics = pl.DataFrame(rows, schema=trained_results.diagnostics.schema)
    assert "<li>d, tau[bucket1]: it is at a bound</li>" in trust(replace(trained_results, diagnostics=diagnostics))


def test_a_law_that_loses_to_a_baseline_is_a_warning(trained_results: Results) -> None:
    loses = trained_results.comparison.with_columns(rollout=pl.lit(0.2), baseline_rollout=pl.lit(0.1))
    wins = trained_results.comparison.with_columns(rollout=pl.lit(0.1), baseline_rollout=pl.lit(0.2))
    warned, _, record = trust(replace(trained_results, comparison=loses)).partition("How the law did so far")
    assert "it is no better than the best naive baseline" in warned
    assert "naive baseline" not in record
    warned, _, record = trust(replace(trained_results, comparison=wins)).partition("How the law did so far")
    assert "naive baseline" not in warned
    assert "it is better than the best naive baseline" in record


def test_a_close_choice_says_so(trained_results: Results) -> None:
    turned = trained_results.frontier.with_columns(probability_best=(~pl.col("best")).cast(pl.Float64) / 2)
    assert told(replace(trained_results, frontier=turned)).count("This is close") == 3
