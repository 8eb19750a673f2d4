import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation_scaling.frontier.answer import describe_switches, name_pool, quantity, repeat
from study_data import declared, parsed


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5"),
        (300, "300"),
        (1200, "1.2k"),
        (400_000, "400k"),
        (12.8e6, "12.8M"),
        (2e9, "2B"),
        (1.2e15, "1.2e+15"),
    ],
)
def test_quantities(value, text):
    assert quantity(value) == text


@given(st.floats(1, 1e20))
def test_quantities_are_right_to_three_digits_and_short(value):
    text = quantity(value)
    scale = {"k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
    number = float(text[:-1]) * scale[text[-1]] if text[-1] in scale else float(text)
    assert number == pytest.approx(value, rel=6e-3)
    assert len(text) <= 8


@pytest.mark.parametrize(
    ("repetitions", "text"),
    [
        (0.25, "see 25% of it once"),
        (1.0, "see each sample once"),
        (1.25, "repeat it 1.25 times"),
        (16, "repeat it 16 times"),
    ],
)
def test_repetitions(repetitions, text):
    assert repeat(repetitions) == text


def test_names():
    study = parsed(declared())
    assert name_pool(study, "good") == "good"
    assert name_pool(study, "all") == "all (good + bad)"


def test_switches_without_bounds():
    study = parsed(declared())
    rows = pl.DataFrame(
        {"order": [0], "from_pool": ["good"], "to_pool": ["all"], "budget": [1500.0], "lower": [None], "upper": [None]}
    )
    (line,) = describe_switches(study, rows)
    assert line == (
        "Above 1.5k samples (95% interval the smallest budget to beyond the largest budget) all overtakes good."
    )
    assert describe_switches(study, rows.head(0)) == [
        "The best pool does not change between the smallest and the largest budget."
    ]
