"""A small part of SQL for conditions on the columns of one row: parsed here, evaluated by polars, never by Python.

    condition := and-ed and or-ed comparisons, with NOT and parentheses
    comparison := value (= | <> | != | < | <= | > | >=) value | value [NOT] IN (literal, ...)
        | value [NOT] BETWEEN value AND value | value [NOT] LIKE 'text%' | value IS [NOT] NULL
    value := number | 'text' | column | "column" | function(value, ...) | + - * / and parentheses

Functions: length, words (divided by white space), lower, upper, abs, sqrt, ln, least, greatest, coalesce. As in SQL a
comparison with null is not true; NaN counts as null.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce
from typing import NamedTuple

import polars as pl

from curation_scaling.errors import InputError

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<text>'(?:[^']|'')*')"
    r'|(?P<quoted>"(?:[^"]|"")+")|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign><=|>=|<>|!=|[=<>+\-*/(),]))'
)
_MOST = 1000  # words of a condition
_KEYWORDS = {"and", "or", "not", "in", "between", "like", "is", "null", "true", "false"}
_COMPARE: dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_FUNCTIONS: dict[str, tuple[int | None, Callable[..., pl.Expr]]] = {
    "length": (1, lambda a: a.str.len_chars()),
    "words": (1, lambda a: a.str.count_matches(r"\S+")),
    "lower": (1, lambda a: a.str.to_lowercase()),
    "upper": (1, lambda a: a.str.to_uppercase()),
    "abs": (1, lambda a: a.abs()),
    "sqrt": (1, lambda a: a.sqrt()),
    "ln": (1, lambda a: a.log()),
    "least": (None, lambda *a: reduce(lambda x, y: pl.when(x.is_null() | y.is_null()).then(None).otherwise(
        pl.min_horizontal(x, y)), a)),
    "greatest": (None, lambda *a: reduce(lambda x, y: pl.when(x.is_null() | y.is_null()).then(None).otherwise(
        pl.max_horizontal(x, y)), a)),
    "coalesce": (None, pl.coalesce),
}  # fmt: skip


class Condition(NamedTuple):
    """A parsed condition and the columns that it reads."""

    expression: pl.Expr
    columns: list[str]


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def parse_condition(text: str) -> Condition:
    """Parse a condition on the columns of one row.

    Raises:
        InputError: at the first character that does not belong.
    """
    try:
        parser = _Parser(text)
        expression = parser.condition()
        parser.expect_end()
    except RecursionError:
        raise InputError(f"condition {_shorten(text)} nests too deeply: split it into several filters") from None
    return Condition(expression, sorted(parser.columns))


def _shorten(text: str) -> str:
    return repr(text if len(text) <= 200 else f"{text[:200]}...")


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.columns, self._at = text, set[str](), 0
        self._values: set[int] = set()  # where a parenthesis opens a value, as was found out
        self._tokens = self._scan()

    def _scan(self) -> list[_Token]:
        tokens, at, stop = [], 0, len(self.text.rstrip())
        while at < stop:
            match = _TOKEN.match(self.text, at)
            if match is None:
                at += len(self.text[at:]) - len(self.text[at:].lstrip())
                raise self._fault(f"{self.text[at]!r} is not part of a condition", at)
            kind = match.lastgroup or ""
            text = match[kind]
            if kind == "name" and text.lower() in _KEYWORDS:
                kind, text = "word", text.lower()
            tokens.append(_Token(kind, text, match.start(match.lastgroup or 0)))
            at = match.end()
        if len(tokens) > _MOST:
            raise self._fault(f"it has more than {_MOST} words: use several filters, or one of kind among", at)
        return [*tokens, _Token("end", "its end", stop)]

    def _fault(self, what: str, at: int) -> InputError:
        return InputError(f"condition {_shorten(self.text)}: {what} (at character {at + 1})")

    def _take(self, *texts: str) -> _Token | None:
        token = self._tokens[self._at]
        if token.kind in ("sign", "word") and token.text in texts:
            self._at += 1
            return token
        return None

    def _expect(self, text: str) -> None:
        if not self._take(text):
            token = self._tokens[self._at]
            raise self._fault(f"{text!r} is expected, not {token.text}", token.at)

    def expect_end(self) -> None:
        token = self._tokens[self._at]
        if token.kind != "end":
            raise self._fault(f"{token.text} is not expected here", token.at)

    def condition(self) -> pl.Expr:
        left = self._all()
        while self._take("or"):
            left = left | self._all()
        return left

    def _all(self) -> pl.Expr:
        left = self._not()
        while self._take("and"):
            left = left & self._not()
        return left

    def _not(self) -> pl.Expr:
        return ~self._not() if self._take("not") else self._comparison()

    def _comparison(self) -> pl.Expr:
        start = self._at
        if start not in self._values and self._take("("):
            # A parenthesis opens a condition or a value: try the condition, and go back if no comparison is in it.
            try:
                inner = self.condition()
                self._expect(")")
            except InputError:
                self._values.add(start)  # or nested ones would be tried again and again, each twice as often
                self._at = start
            else:
                token = self._tokens[self._at]
                if token.text in (")", "and", "or", "its end"):
                    return inner
                self._values.add(start)
                self._at = start
        value = self._sum()
        if sign := self._take(*_COMPARE):
            return _COMPARE[sign.text](value, self._sum())
        if self._take("is"):
            negated = self._take("not")
            self._expect("null")
            return value.is_not_null() if negated else value.is_null()
        negated = self._take("not")
        if self._take("in"):
            found = value.is_in(self._literals())
        elif self._take("between"):
            low = self._sum()
            self._expect("and")
            found = (value >= low) & (value <= self._sum())
        elif self._take("like"):
            found = value.str.contains(_like(self._literal(text=True)))
        else:
            token = self._tokens[self._at]
            raise self._fault(f"a comparison is expected, not {token.text}", token.at)
        return ~found if negated else found

    def _sum(self) -> pl.Expr:
        left = self._product()
        while sign := self._take("+", "-"):
            right = self._product()
            left = left + right if sign.text == "+" else left - right
        return left

    def _product(self) -> pl.Expr:
        left = self._value()
        while sign := self._take("*", "/"):
            right = self._value()
            left = left * right if sign.text == "*" else left / right
        return left

    def _value(self) -> pl.Expr:
        if self._take("-"):
            return -self._value()
        if self._take("("):
            inner = self._sum()
            self._expect(")")
            return inner
        token = self._tokens[self._at]
        if token.kind in ("number", "text"):
            return pl.lit(self._literal())
        if token.kind == "name" and self._tokens[self._at + 1].text == "(":
            return self._call()
        if token.kind in ("name", "quoted"):
            self._at += 1
            name = token.text[1:-1].replace('""', '"') if token.kind == "quoted" else token.text
            self.columns.add(name)
            return pl.col(name)
        raise self._fault(f"a column, number or text is expected, not {token.text}", token.at)

    def _call(self) -> pl.Expr:
        token = self._tokens[self._at]
        self._at += 2
        known = _FUNCTIONS.get(token.text.lower())
        if known is None:
            raise self._fault(f"no function {token.text}; there are {', '.join(_FUNCTIONS)}", token.at)
        arguments = [self._sum()]
        while self._take(","):
            arguments.append(self._sum())
        self._expect(")")
        count, function = known
        if count is not None and len(arguments) != count:
            raise self._fault(f"{token.text} takes {count} value, not {len(arguments)}", token.at)
        return function(*arguments)

    def _literals(self) -> list[object]:
        self._expect("(")
        values = [self._literal()]
        while self._take(","):
            values.append(self._literal())
        self._expect(")")
        if len({isinstance(value, str) for value in values}) > 1:
            raise self._fault("a list holds numbers or texts, not both", self._tokens[self._at - 1].at)
        return values

    def _literal(self, text: bool = False) -> object:
        negative = not text and self._take("-")
        token = self._tokens[self._at]
        if (
            token.kind not in ("text", "number")
            or (text and token.kind != "text")
            or (negative and token.kind == "text")
        ):
            raise self._fault(f"a {'text' if text else 'number or text'} is expected, not {token.text}", token.at)
        self._at += 1
        if token.kind == "text":
            return token.text[1:-1].replace("''", "'")
        number = int(token.text) if token.text.isdigit() and len(token.text) <= 18 else float(token.text)
        return -number if negative else number


def _like(pattern: object) -> str:
    """SQL's LIKE as a regular expression: % any text, _ any character."""
    parts = {"%": ".*", "_": "."}
    return "(?s)^" + "".join(parts.get(c, re.escape(c)) for c in str(pattern)) + "$"


def evaluate(condition: pl.Expr, frame: pl.DataFrame, where: str) -> pl.Series:
    """True where the condition holds; NaN is null, and null is not true.

    Raises:
        InputError: if the columns' types do not fit the condition.
    """
    floats = [name for name, kind in frame.schema.items() if kind.is_float()]
    try:
        kept = frame.with_columns(pl.col(floats).fill_nan(None)).select(keep=condition)["keep"]
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{where} ({str(error).splitlines()[0]}): mend the condition or the column") from None
    if kept.dtype != pl.Boolean:
        raise InputError(f"{where} is no condition: compare its values")
    return kept.fill_null(False)
