"""What the repetition laws share: parameters per pool, binding to the runs, mixtures, and starting points."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.columns import Mixture, column, mixtures
from curation_scaling.laws.law import Array, Law, Parameter
from curation_scaling.laws.repetition import Curve, MixtureDesign, group_rows

AMPLITUDE = Parameter("a", "error", 1e-12, 1e12, log=True)

_SLOPES = -np.array([0.02, 0.04, 0.07, 0.1, 0.14, 0.19, 0.25, 0.35, 0.5, 0.8])
_HALF_LIVES = np.array([0.7, 1.5, 3.0, 6.0, 12.0, 30.0])
_FLOORS = np.array([0.0, 0.3, 0.6, 0.8, 0.9, 0.97])  # of the lowest error


@dataclass(frozen=True)
class RepetitionLaw(Law):
    """A law of samples seen from pools whose utility halves every tau repetitions (Goyal et al. 2024).

    Per pool: b (utility of the first pass) and tau (half-life in epochs, stretched by gamma in a mixture); shared: d
    and a.

    overlaps: pairs of pools that share samples, which no mixture may combine. one_half_life: one tau for all pools, of
    a pool of n1 samples alone; then tau_i' = tau (N_i / (q_i n1))^gamma depends only on the samples seen between two
    sights of a sample. pools and n1, the size of the smallest pool: filled in by `bind`.
    """

    overlaps: tuple[tuple[str, str], ...] = ()
    one_half_life: bool = False
    pools: tuple[str, ...] = ()
    n1: float | None = None

    columns = ("weights", "samples_seen")

    @property
    def defaults(self) -> Mapping[str, float | str]:
        """Return gamma's value, which only runs on mixtures can inform."""
        return {"gamma": 0.0}

    @property
    def parameters(self) -> tuple[Parameter, ...]:  # type: ignore[override]
        """Return d, what else the pools share (a), gamma, b of each pool, tau of each pool or of all."""
        half_lives = ("tau",) if self.one_half_life else tuple(f"tau[{pool}]" for pool in self.pools)
        return (
            Parameter("d", "error", 0.0, np.inf),
            *self.shared,
            Parameter("gamma", "1", -1.0, 3.0),
            *(Parameter(f"b[{pool}]", "1", -3.0, 1.0) for pool in self.pools),
            *(Parameter(name, "epochs", 0.05, 1e4, log=True) for name in half_lives),
        )

    @property
    def shared(self) -> tuple[Parameter, ...]:
        """Return the parameters between d and gamma: a."""
        return (AMPLITUDE,)

    @property
    def constants(self) -> Mapping[str, tuple[float, str]]:
        """Return the law's declared constants and their units, by the names of its options; a fit keeps them."""
        return {} if not self.one_half_life or self.n1 is None else {"n1": (self.n1, "samples")}

    @property
    def gamma_at(self) -> int:
        """Index of gamma."""
        return 1 + len(self.shared)

    def slope_at(self, pool: int) -> int:
        """Index of b of a pool."""
        return self.gamma_at + 1 + pool

    def half_life_at(self, pool: int) -> int:
        """Index of tau of a pool."""
        return self.gamma_at + 1 + len(self.pools) + (0 if self.one_half_life else pool)

    def ratio(self, curve: Curve, i: int) -> float:
        """Return by what the half-life of the curve's pool `i` is stretched to the power of gamma."""
        if not self.one_half_life:
            return 1 / float(curve.weights[i])
        assert self.n1 is not None
        return float(curve.periods[i]) / self.n1

    def half_life(self, theta: Array, curve: Curve, i: int) -> Array:
        """Return tau' of the curve's pool `i`, in its own epochs, shape (batch,)."""
        own = theta[:, self.half_life_at(int(curve.pools[i]))]
        return np.asarray(own * self.ratio(curve, i) ** theta[:, self.gamma_at])

    def bind(self, runs: pl.DataFrame) -> Self:
        """Return the law with the runs' pools, in the order of their names, and the size of the smallest."""
        found, _ = mixtures(runs)
        pools = tuple(sorted({pool for mixture in found for pool in mixture.pools}))
        return replace(self, pools=pools, n1=min(float(mixture.sizes.min()) for mixture in found))

    def design(self, frame: pl.DataFrame) -> MixtureDesign:
        """Return the rows grouped by mixture; raise InputError on an unknown or overlapping pool."""
        found, which = mixtures(frame)
        return self.curves(found, which, column(frame, "samples_seen"))

    def curves(self, found: list[Mixture], which: npt.NDArray[np.intp], samples: Array) -> MixtureDesign:
        """Return the design of rows given as mixture number and samples seen, both (rows,), without a frame."""
        for mixture in found:
            for first, second in self.overlaps:
                if first in mixture.pools and second in mixture.pools:
                    raise InputError(
                        f"pools {first!r} and {second!r} share samples and cannot be mixed: use disjoint pools"
                    )
        curves = group_rows(found, which, samples, self.pools)
        return MixtureDesign(samples.size, tuple(self.prepared(curve) for curve in curves))

    def prepared(self, curve: Curve) -> Curve:
        """Return the curve with what the variant can compute from the rows alone."""
        return curve

    def heads(self, error: float, samples: float, floor: float) -> Iterable[Array]:
        """Return starting values of the `shared` parameters for a floor d, given y - d = error after `samples`."""
        for level in self.levels(error, samples, _SLOPES[[0, 2, 4, 6, 8]]):
            yield np.full(len(self.shared), level)

    def levels(self, error: float, samples: float, slopes: Array) -> Array:
        """Return the amplitudes a at which y - d = error after `samples`, were the slope one of `slopes`."""
        raise NotImplementedError

    def seeds(self, design: MixtureDesign, error: Array, fixed: Mapping[str, float]) -> Array:
        """Return, for each (a, d, gamma) of a coarse grid, the b and tau of each pool that fit its own rows best."""
        base = np.ones(len(self.parameters))
        first = min(design.curves, key=lambda curve: float(curve.samples.min()))
        at = int(np.argmin(first.samples))
        first_error = float(error[first.rows][at])
        member = np.zeros((len(self.pools), design.rows))
        for curve in design.curves:
            for pool in curve.pools:
                member[pool, curve.rows] = 1
        shapes = np.array(list(product(_SLOPES, _HALF_LIVES)))
        starts = []
        gammas = [fixed["gamma"]] if "gamma" in fixed else [0.0, 1.0]
        floors = np.array([fixed["d"]]) if "d" in fixed else _FLOORS * error.min()
        for gamma, floor in product(gammas, floors):
            head = max(first_error - float(floor), 0.01 * first_error)
            for values in self.heads(head, float(first.samples[at]), float(floor)):
                start = base.copy()
                start[0], start[1 : self.gamma_at], start[self.gamma_at] = floor, values, gamma
                theta = np.tile(start, (len(shapes), 1))
                theta[:, self.slope_at(0) : self.half_life_at(0)] = shapes[:, :1]
                theta[:, self.half_life_at(0) :] = shapes[:, 1:]  # of all pools, or of the one tau
                for name, value in fixed.items():
                    theta[:, self.names.index(name)] = value
                with np.errstate(all="ignore"):
                    cost = np.log(self.predict(theta, design) / error) ** 2 @ member.T
                best = np.argmin(np.where(np.isfinite(cost), cost, np.inf), axis=0)
                for pool in range(len(self.pools)):
                    for index in (self.slope_at(pool), self.half_life_at(pool)):
                        start[index] = theta[best[pool], index]
                if self.one_half_life:
                    start[self.half_life_at(0)] = np.median(theta[best, self.half_life_at(0)])
                for name, value in fixed.items():
                    start[self.names.index(name)] = value
                starts.append(start)
        return np.array(starts)

    def requirements(self, design: MixtureDesign) -> Mapping[str, tuple[int, int]]:
        """Return two distinct samples seen for each b, and more than one repetition count beyond the first for tau."""
        found: dict[str, tuple[int, int]] = {}
        for i, pool in enumerate(self.pools):
            seen, repeats = set(), set()
            for curve in design.curves:
                if i in curve.pools:
                    period = float(curve.periods[list(curve.pools).index(i)])
                    seen |= set(curve.samples.tolist())
                    repeats |= {float(r) for r in np.round(curve.samples / period, 6) if r > 1}
            found[f"b[{pool}]"] = (2, len(seen))
            tau = self.names[self.half_life_at(i)]
            found[tau] = (2, max(len(repeats), found.get(tau, (2, 0))[1]))
        return found
