"""Formulas as text: parsed by a whitelist, differentiated symbolically, evaluated on arrays; never run as code."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from curation_scaling.errors import InputError

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True)
class Symbol:
    """A parameter or a column."""

    name: str


@dataclass(frozen=True)
class Binary:
    """left operator right; operator is one of + - * / **."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True)
class Call:
    """A function of one argument."""

    function: str
    argument: "Node"


Node: TypeAlias = Number | Symbol | Binary | Call
_Unary: TypeAlias = Callable[[Array], Array]

LONGEST, DEEPEST = 2000, 100  # characters and levels of a formula: its derivatives are larger still

_OPERATORS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
_FUNCTIONS: dict[str, _Unary] = {"exp": np.exp, "log": np.log, "log1p": np.log1p, "expm1": np.expm1, "sqrt": np.sqrt}
ZERO, ONE = Number(0.0), Number(1.0)


def parse(text: str) -> Node:
    """Return the tree of a formula of numbers, names, + - * / ** and exp, log, log1p, expm1, sqrt.

    Raises InputError on anything else.
    """
    if len(text) > LONGEST:
        raise InputError(f"formula {text[:50]!r}... has {len(text)} characters: {LONGEST} are enough for a law")
    try:
        return _node(ast.parse(text, mode="eval").body, text, DEEPEST)
    except InputError:
        raise
    except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError):
        shown = text if len(text) <= 100 else f"{text[:100]}..."
        raise InputError(f"formula {shown!r} cannot be read: write it as in Python, such as 'a * n**b + d'") from None


def _node(tree: ast.expr, text: str, deepest: int) -> Node:
    if not deepest:
        raise InputError(f"formula {text[:50]!r}... nests more than {DEEPEST} levels: split it up")
    below = deepest - 1
    match tree:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return Number(float(value))
        case ast.Name(id=name):
            return Symbol(name)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return Binary(_OPERATORS[type(op)], _node(left, text, below), _node(right, text, below))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Binary("*", Number(-1.0), _node(operand, text, below))
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _node(operand, text, below)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
            return Call(name, _node(argument, text, below))
    part = ast.get_source_segment(text, tree) or text
    raise InputError(
        f"formula {text!r} holds {part!r}: only numbers, names, + - * / ** and {', '.join(_FUNCTIONS)} may be used"
    )


def symbols(node: Node) -> tuple[str, ...]:
    """Return the names in a formula, in the order of their first appearance."""
    match node:
        case Symbol(name):
            return (name,)
        case Binary(_, left, right):
            return tuple(dict.fromkeys(symbols(left) + symbols(right)))
        case Call(_, argument):
            return symbols(argument)
    return ()


def evaluate(node: Node, values: Mapping[str, Array]) -> Array:
    """Return the value of a formula; arrays broadcast."""
    match node:
        case Number(value):
            return np.asarray(value)
        case Symbol(name):
            return values[name]
        case Call(function, argument):
            return _FUNCTIONS[function](evaluate(argument, values))
        case Binary(operator, left, right):
            first, second = evaluate(left, values), evaluate(right, values)
            match operator:
                case "+":
                    return np.asarray(first + second)
                case "-":
                    return np.asarray(first - second)
                case "*":
                    return np.asarray(first * second)
                case "/":
                    return np.asarray(first / second)
            return np.asarray(first**second)
    raise AssertionError(node)


def derivative(node: Node, name: str) -> Node:
    """Return d node / d name, with zeros and ones simplified away."""
    if name not in symbols(node):
        return ZERO
    match node:
        case Symbol(_):
            return ONE
        case Call(function, argument):
            inner = derivative(argument, name)
            outer: dict[str, Node] = {
                "exp": node,
                "log": Binary("/", ONE, argument),
                "log1p": Binary("/", ONE, Binary("+", ONE, argument)),
                "expm1": Call("exp", argument),
                "sqrt": Binary("/", Number(0.5), node),
            }
            return product(outer[function], inner)
        case Binary(operator, left, right):
            return _binary_derivative(operator, left, right, name)
    raise AssertionError(node)


def _binary_derivative(operator: str, left: Node, right: Node, name: str) -> Node:
    by_left, by_right = derivative(left, name), derivative(right, name)
    match operator:
        case "+":
            return total(by_left, by_right)
        case "-":
            return total(by_left, product(Number(-1.0), by_right))
        case "*":
            return total(product(by_left, right), product(left, by_right))
        case "/":
            slope = product(Number(-1.0), product(left, by_right))
            return total(_over(by_left, right), _over(slope, Binary("**", right, Number(2.0))))
    power = Binary("**", left, right)
    base = product(product(right, Binary("**", left, total(right, Number(-1.0)))), by_left)
    exponent = product(product(power, Call("log", left)), by_right)
    return total(base if by_left != ZERO else ZERO, exponent if by_right != ZERO else ZERO)


def total(left: Node, right: Node) -> Node:
    """Return left + right, simplified."""
    if left == ZERO:
        return right
    if right == ZERO:
        return left
    if isinstance(left, Number) and isinstance(right, Number):
        return Number(left.value + right.value)
    return Binary("+", left, right)


def product(left: Node, right: Node) -> Node:
    """Return left * right, simplified."""
    if ZERO in (left, right):
        return ZERO
    if left == ONE:
        return right
    if right == ONE:
        return left
    return Binary("*", left, right)


def _over(left: Node, right: Node) -> Node:
    return ZERO if left == ZERO else Binary("/", left, right)
