"""Conditions mean what SQL means by them, and what is no condition is refused at the character."""

import math

import polars as pl
import pytest

from curation_scaling.errors import InputError
from curation_scaling.pools.filter.expression import evaluate, parse_condition

FRAME = pl.DataFrame(
    {
        "a": [1, 2, 3, None],
        "x": [0.5, math.nan, -1.0, 2.0],
        "text": ["a red  photo", "ü", None, "It's 100%"],
        "odd name": [1, 1, 0, 0],
    }
)


def rows(text):
    condition = parse_condition(text)
    frame = FRAME.select(condition.columns) if condition.columns else FRAME
    return evaluate(condition.expression, frame, f"filter {text!r}").to_list()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a > 1", [0, 1, 1, 0]),
        ("x > -5", [1, 0, 1, 1]),  # NaN is not above anything
        ("NOT x > 100", [1, 0, 1, 1]),  # nor is it not
        ("x IS NULL OR a IS NULL", [0, 1, 0, 1]),
        ("x is not null and a is not null", [1, 0, 1, 0]),
        ("a + 1 * 2 = 3 OR (a - 1) * 2 = 4", [1, 0, 1, 0]),
        ("-a < -2", [0, 0, 1, 0]),
        ("a / 2 >= 1", [0, 1, 1, 0]),
        ("a IN (1, 3)", [1, 0, 1, 0]),
        ("a NOT IN (1, 3)", [0, 1, 0, 0]),
        ("a BETWEEN 2 AND 3 AND x < 0", [0, 0, 1, 0]),
        ("a NOT BETWEEN 2 AND 3", [1, 0, 0, 0]),
        ("length(text) > 5", [1, 0, 0, 1]),
        ("words(text) >= 3", [1, 0, 0, 0]),
        ("text LIKE '%red%'", [1, 0, 0, 0]),
        ("text LIKE '_'", [0, 1, 0, 0]),
        ("text LIKE 'It''s 100%'", [0, 0, 0, 1]),
        ("lower(text) = 'it''s 100%'", [0, 0, 0, 1]),
        ("upper(text) = 'Ü'", [0, 1, 0, 0]),
        ('"odd name" = 1 AND NOT (a = 1)', [0, 1, 0, 0]),
        ("least(a, x) < 0", [0, 0, 1, 0]),
        ("greatest(a, x) >= 1", [1, 0, 1, 0]),  # as null would be, a value beside NaN is unknown
        ("coalesce(a, 9) = 9", [0, 0, 0, 1]),
        ("abs(x) = 1 OR sqrt(x) > 1.4", [0, 0, 1, 1]),
        ("((a)) > (((2)))", [0, 0, 1, 0]),
        ("1e0 < .5e1 AND a <> 2 AND a != 3", [1, 0, 0, 0]),
    ],
)
def test_a_condition_holds_where_sql_says(text, expected):
    assert rows(text) == [bool(e) for e in expected]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a >", r"a column, number or text is expected, not its end \(at character 4\)"),
        ("a", r"a comparison is expected, not its end"),
        ("a = 1 b", r"b is not expected here \(at character 7\)"),
        ("a = 1; drop table x", r"';' is not part of a condition"),
        ("avg(a) > 1", r"no function avg; there are length, words"),
        ("read_csv('x') = 1", r"no function read_csv"),
        ("__import__('os').system('x') = 1", r"'.' is not part of a condition"),
        ("length(a, a) > 1", r"length takes 1 value, not 2"),
        ("a IN (1, 'x')", r"a list holds numbers or texts, not both"),
        ("a LIKE 1", r"a text is expected, not 1"),
        ("(a = 1", r"'\)' is expected|a comparison is expected|is not expected"),
        ("a BETWEEN 1", r"'and' is expected"),
        ("'unclosed", r"is not part of a condition"),
    ],
)
def test_what_is_no_condition_is_refused(text, message):
    with pytest.raises(InputError, match=message):
        parse_condition(text)


def test_a_condition_on_the_wrong_type_is_refused():
    with pytest.raises(InputError, match=r"filter 'length\(a\) > 1' \(.*mend the condition"):
        rows("length(a) > 1")
