"""The cost of scoring inside the budget: charged to whoever needs scores, and the budget from which on it pays."""

import numpy as np
import pytest
from scipy.optimize import brentq

from curation_scaling.errors import InputError
from curation_scaling.frontier.budgets import BudgetAxis
from curation_scaling.frontier.candidates import Candidate, by_size
from curation_scaling.frontier.curves import predict_pools
from curation_scaling.frontier.scoring import break_even, needs_scores, scoring_cost
from curation_scaling.laws.saved import SavedFit
from curation_scaling.study.frontier import Scorer
from known_law import LAW, SIZES, THETA, parts

FIT = SavedFit(LAW, THETA, THETA * np.linspace(0.99, 1.01, 21)[:, None])
AXIS = BudgetAxis(np.array([4e3, 1e6]), 60.0, 1e6)
GOOD, ALL = (Candidate(name, by_size(parts(name))) for name in ("good", "all"))


def test_a_cost_in_flops_is_that_of_so_much_training():
    asked = Scorer(name="s", flops_per_sample=6.0)
    assert scoring_cost(asked, AXIS, 4000) == 400
    assert scoring_cost(Scorer(name="s", samples_per_sample=0.5, scored=1000), AXIS, 4000) == 500
    with pytest.raises(InputError, match=r"key frontier.scorers: 's' costs FLOPs, but the FLOPs of training"):
        scoring_cost(asked, BudgetAxis(AXIS.samples, None, 1e6), 4000)


def test_only_everything_needs_no_scores():
    assert needs_scores(GOOD, SIZES, [])
    assert not needs_scores(ALL, SIZES, [])
    assert not needs_scores(GOOD, SIZES, ["good"])
    assert needs_scores(Candidate("mix", by_size({"fair": 1000, "good": 2000, "poor": 1000})), SIZES, [])


def test_choosing_pays_between_the_two_crossings():
    cost = 2500.0

    def gain(n):
        good = predict_pools(FIT, {"good": parts("good")}, [n - cost])[0].item()
        return predict_pools(FIT, {"all": parts("all")}, [n])[0].item() - good

    found = break_even(FIT, [GOOD], [ALL], cost, AXIS, 0.9)
    grid = np.geomspace(4e3, 1e6, 400)
    signs = np.flatnonzero(np.diff(np.sign([gain(n) for n in grid])))
    assert len(signs) == 2  # dear scores do not pay at first, and repeated good data do not in the end
    start, end = (brentq(gain, grid[i], grid[i + 1]) for i in signs)
    assert found.starts == pytest.approx(start, rel=2e-3)
    assert found.ends == pytest.approx(end, rel=2e-3)
    assert found.lower < found.starts < found.upper
    assert 0 < found.share <= 1


def test_scores_that_cost_more_than_any_budget_never_pay():
    assert break_even(FIT, [GOOD], [ALL], 2e6, AXIS, 0.9) == (None, None, None, None, 0.0)
    assert break_even(FIT, [GOOD], [], 1.0, AXIS, 0.9) is None
