import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation_scaling.errors import InputError
from curation_scaling.laws import ExpressionLaw, fit_law
from curation_scaling.laws.symbolic import derivative, evaluate, parse, symbols

FORMULAS = [
    "a * x**b + d",
    "log(a + x) / (1 + b * x)",
    "exp(-a * x) * sqrt(x + d) - 3",
    "x**(a / (b + 1)) - expm1(d * x) * log1p(x)",
    "(a + b * x) ** 2.5 / -d",
    "a**b**d",
]


@pytest.mark.parametrize("text", FORMULAS)
@given(a=st.floats(0.3, 2), b=st.floats(0.3, 2), d=st.floats(0.3, 2), x=st.floats(0.3, 3))
def test_symbolic_derivatives_agree_with_complex_steps(text, a, b, d, x):
    node = parse(text)
    values = {name: np.array(value) for name, value in {"a": a, "b": b, "d": d, "x": x}.items()}
    for name in symbols(node):
        moved = {k: np.array(complex(v, 1e-30 if k == name else 0.0)) for k, v in values.items()}
        step = evaluate(node, moved).imag / 1e-30
        assert evaluate(derivative(node, name), values) == pytest.approx(step, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "a.b",
        "a[0]",
        "lambda: 1",
        "print(a)",
        "a if b else c",
        "exp(a, b)",
        "'a'",
        "True",
        "a @ b",
        "a +",
    ],
)
def test_anything_but_arithmetic_is_refused(text):
    with pytest.raises(InputError, match="formula"):
        parse(text)


def test_a_law_of_the_study_is_fitted_like_a_built_in_one():
    law = ExpressionLaw.from_config(
        "mine",
        {
            "formula": "E + A / params**alpha + B / tokens**beta",
            "parameters": {
                "E": {"unit": "loss"},
                "A": {"log": True},
                "alpha": {"lower": 0.0, "upper": 2.0},
                "B": {"log": True},
                "beta": {"lower": 0.0, "upper": 2.0},
            },
        },
    )
    assert law.columns == ("params", "tokens")
    params, tokens = (m.ravel() for m in np.meshgrid(np.geomspace(1e7, 1e10, 6), np.geomspace(1e9, 1e12, 6)))
    loss = 1.8 + 480 / params**0.35 + 2100 / tokens**0.37
    runs = pl.DataFrame({"params": params, "tokens": tokens, "error": loss})
    mine = fit_law(law, runs, bootstrap=0)
    assert mine.theta == pytest.approx([1.8, 480, 0.35, 2100, 0.37], rel=1e-7)
    noisy = runs.with_columns(
        error=pl.Series(loss * np.exp(0.01 * np.random.default_rng(0).standard_normal(loss.size)))
    )
    built_in = fit_law("chinchilla", noisy, bootstrap=0)
    assert fit_law(law, noisy, bootstrap=0).objective == pytest.approx(built_in.objective, rel=1e-9)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"formula": "a * samples_seen"}, "no 'parameters'"),
        ({"formula": "a * samples_seen", "parameters": {"a": {}, "c": {}}}, "not in its formula"),
        ({"formula": "a * b", "parameters": {"a": {}, "b": {}}}, "reads no column"),
        ({"formula": "samples_seen ** b", "parameters": {"b": {}}}, "needs finite bounds"),
        ({"formula": "a * samples_seen", "parameters": {"a": {"min": 0}}}, "unknown key 'min'"),
        ({"formula": "a * samples_seen", "parameters": {"a": {"lower": 2, "upper": 1}}}, "lower must be below upper"),
    ],
)
def test_bad_laws_are_refused(config, sentence):
    with pytest.raises(InputError, match=sentence):
        ExpressionLaw.from_config("mine", config)
