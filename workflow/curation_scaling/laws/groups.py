"""Laws of data that come in groups: the number of groups, the samples of each, and both together."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from curation_scaling.laws.law import Array, Centre, ColumnLaw, Parameter
from curation_scaling.laws.power import AMPLITUDE, FLOOR
from curation_scaling.laws.power_sum import FEW_EXPONENTS, PowerSum, Term

_ALPHA = Parameter("alpha", "1", 0.0, 10.0)
_GAMMA = Parameter("gamma", "1", 0.0, 10.0)


class GroupsPower(PowerSum):
    """y = a M^-alpha + d, with M the groups (environments, modules) that the training samples come from.

    Source: Lin et al. 2024, "Data Scaling Laws in Imitation Learning" (arXiv 2410.18647), there without a floor.
    """

    name = "groups_power"
    source = "Lin et al. 2024"
    formula = "y = a M^-alpha + d"
    columns = ("groups",)
    parameters = (AMPLITUDE, _ALPHA, FLOOR)
    linear = ("a", "d")
    terms = (Term("a", (("groups", "alpha", -1),)),)
    floor = "d"
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {"alpha": ("groups", 3), "d": ("groups", 3)}


class PerGroupPower(PowerSum):
    """y = a n^-gamma + d, with n the samples of each group.

    Source: Lin et al. 2024 (arXiv 2410.18647), who find that some number of demonstrations a group suffices.
    """

    name = "per_group_power"
    source = "Lin et al. 2024"
    formula = "y = a n^-gamma + d"
    columns = ("per_group",)
    parameters = (AMPLITUDE, _GAMMA, FLOOR)
    linear = ("a", "d")
    terms = (Term("a", (("per_group", "gamma", -1),)),)
    floor = "d"
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {"gamma": ("per_group", 3), "d": ("per_group", 3)}


class GroupsJoint(ColumnLaw):
    """y = a M^-alpha (1 + b n^-gamma) + d, with M groups of n samples each.

    Groups of endless samples leave a M^-alpha; few samples of each make every group worth less. At a fixed number of
    samples the error is least at n = (b (gamma - alpha) / alpha)^(1/gamma) samples a group (`balance`).

    Source: proposed here, on the power law in groups of Lin et al. 2024 (arXiv 2410.18647).
    """

    name = "groups_joint"
    source = "this project, after Lin et al. 2024"
    formula = "y = a M^-alpha (1 + b n^-gamma) + d"
    columns = ("groups", "per_group")
    parameters = (AMPLITUDE, _ALPHA, Parameter("b", "1", 1e-9, 1e9, log=True), _GAMMA, FLOOR)
    linear = ("a", "d")
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {
        "alpha": ("groups", 3),
        "gamma": ("per_group", 3),
        "b": ("per_group", 2),
    }

    def evaluate(self, theta: Array, design: dict[str, Array]) -> tuple[Array, Array]:
        """Return predicted errors and their derivatives by (a, alpha, b, gamma, d)."""
        a, alpha, b, gamma, d = (theta[:, i, None] for i in range(5))
        log_groups, log_each = np.log(design["groups"]), np.log(design["per_group"])
        term = np.exp(np.log(a) - alpha * log_groups)
        short = np.exp(-gamma * log_each)
        gap = term * (1 + b * short)
        jacobian = [gap / a, -gap * log_groups, term * short, -term * b * short * log_each, np.ones_like(gap)]
        return gap + d, np.stack(jacobian, axis=1)

    def grid(self, design: dict[str, Array], error: Array) -> Mapping[str, npt.ArrayLike]:
        """Return coarse exponents, and how much a group of one sample lacks."""
        return {"alpha": FEW_EXPONENTS, "gamma": FEW_EXPONENTS, "b": np.geomspace(0.1, 30, 6)}

    def centres(self, design: dict[str, Array]) -> tuple[Centre, ...]:
        """Return the two amplitudes with the exponents that they trade off with."""
        return (
            Centre("a", "alpha", float(np.log(design["groups"]).mean())),
            Centre("b", "gamma", float(np.log(design["per_group"]).mean())),
        )


def balance(theta: Array) -> Array:
    """Return, for parameters (batch, 5) of `groups_joint`, the samples a group that a fixed budget is best spent on.

    Below it more samples of each group are worth more, above it another group is; 0 where gamma <= alpha, so that
    another group always is. It does not depend on the budget.
    """
    alpha, b, gamma = theta[:, 1], theta[:, 2], theta[:, 3]
    inside = b * (gamma - alpha) / alpha
    with np.errstate(divide="ignore", over="ignore"):
        return np.where(inside > 0, np.exp(np.log(np.maximum(inside, 1e-300)) / gamma), 0.0)
