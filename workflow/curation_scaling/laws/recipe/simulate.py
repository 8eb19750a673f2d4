"""Trainings that follow known constants, with noise."""

from __future__ import annotations

from itertools import product

import numpy as np
import polars as pl

from curation_scaling.laws.recipe.curve import solve_loss
from curation_scaling.seeds import derive_seed
from curation_scaling.study.recipe import Simulation


def simulate(simulation: Simulation, seed: int) -> pl.DataFrame:
    """A row an evaluation: set, held_out, params, batch_size, draw, steps, error; each loss times e^noise."""
    constants = simulation.constants.model_dump()
    parts = []
    for one in simulation.sets:
        steps = np.array(one.steps, float)
        for params, batch, draw in product(one.params, one.batch_size, range(simulation.draws)):
            rng = np.random.default_rng(derive_seed(seed, "simulation", one.name, params, batch, draw))
            loss = solve_loss(constants, params, batch, steps)
            error = loss * np.exp(simulation.noise * rng.standard_normal(steps.size))
            frame = pl.DataFrame({"steps": steps, "error": error})
            parts.append(
                frame.with_columns(
                    set=pl.lit(one.name),
                    held_out=pl.lit(one.held_out),
                    params=pl.lit(float(params)),
                    batch_size=pl.lit(float(batch)),
                    draw=pl.lit(draw),
                )
            )
    return pl.concat(parts)
