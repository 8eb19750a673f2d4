"""One colour and one shape a pool, the same in every figure.

Colours are those of Okabe and Ito (2008), which people with the common colour-vision deficiencies can tell apart;
black is left out, since it vanishes on a dark page.
"""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from curation_scaling.study import Study

# Blue, vermillion, bluish green, reddish purple, orange, sky blue, grey, yellow: those easiest to see on white first.
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999", "#F0E442")
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")


def pool_order(study: Study) -> list[str]:
    """All pools of the study; those that a choice is made among come first and get the colours that differ most."""
    return [*study.candidates, *(pool for pool in study.pools.members if pool not in study.candidates)]


def colour_of(pools: Sequence[str], pool: str) -> str:
    """The colour of a pool; after eight pools the colours start again."""
    return OKABE_ITO[pools.index(pool) % len(OKABE_ITO)]


def colours(pools: Sequence[str], shown: Sequence[str], legend: alt.Legend | None) -> alt.Color:
    """The colour channel for the pools that a figure shows; `pools` are all pools of the study, in order."""
    domain = [pool for pool in pools if pool in set(shown)]
    scale = alt.Scale(domain=domain, range=[colour_of(pools, pool) for pool in domain])
    return alt.Color("pool:N", scale=scale, legend=legend, title="Pool")


def shapes(pools: Sequence[str], shown: Sequence[str], legend: alt.Legend | None) -> alt.Shape:
    """The shape channel: pools that share a colour differ in shape."""
    domain = [pool for pool in pools if pool in set(shown)]
    numbers = [pools.index(pool) // len(OKABE_ITO) % len(SHAPES) for pool in domain]
    scale = alt.Scale(domain=domain, range=[SHAPES[n] for n in numbers])
    return alt.Shape("pool:N", scale=scale, legend=legend, title="Pool")


def set_channels(field: str, names: Sequence[str], title: str, shown: Sequence[str] | None = None) -> tuple[
    alt.Color, alt.Shape
]:  # fmt: skip
    """A colour and a shape for each of `names`, all in their order; a figure that shows only some keeps theirs."""
    domain = [name for name in names if shown is None or name in set(shown)]
    colour = [OKABE_ITO[names.index(name) % len(OKABE_ITO)] for name in domain]
    shape = [SHAPES[names.index(name) % len(SHAPES)] for name in domain]
    return (
        alt.Color(f"{field}:N", scale=alt.Scale(domain=domain, range=colour), title=title),
        alt.Shape(f"{field}:N", scale=alt.Scale(domain=domain, range=shape), title=title),
    )
