"""Two domains in a mixture: known fractions are found again, losses foretold, a share chosen, bad input said."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from curation_scaling.artifacts_domains import CHOICE, DOMAINS, FRACTIONS, LOSSES
from curation_scaling.errors import InputError
from curation_scaling.laws.domain_size import DomainSize, FractionTransfer
from curation_scaling.laws.domains.choice import choose_shares
from curation_scaling.laws.domains.foretold import fractions_here, interval
from curation_scaling.laws.domains.fractions import fit_domain
from curation_scaling.laws.domains.stage import fit_both, measure_fractions
from curation_scaling.laws.reproduction.points import build_points
from curation_scaling.laws.reproduction.stage import compare_numbers
from curation_scaling.layout import Layout
from curation_scaling.report.charts.domains import domain_figures
from curation_scaling.report.domains import domains_section, domains_words
from curation_scaling.store import read
from curation_scaling.study.domains import Domains
from study_data import changed, parsed

# beta_1, alpha, L_inf, and c1, c2, c3 of f_hat.
TRUTH = {"news": (60.0, 0.4, 1.5, 0.25, 0.6, 1.2), "code": (40.0, 0.5, 0.9, 0.1, 0.8, 0.7)}
SIZES = [1e4, 3e4, 1e5, 3e5, 1e6]
SHARES = [0.0, 0.05, 0.15, 0.3, 0.5, 0.7, 0.85, 0.95, 1.0]
ARTIFACTS = {schema.name.removeprefix("laws/"): schema for schema in (DOMAINS, FRACTIONS, LOSSES, CHOICE)}


def fraction(domain: str, share: np.ndarray) -> np.ndarray:
    *_, c1, c2, c3 = TRUTH[domain]
    return share + c1 * share**c2 * (1 - share) ** c3


def loss(domain: str, share: np.ndarray, params: Any) -> np.ndarray:
    beta, alpha, floor, *_ = TRUTH[domain]
    with np.errstate(divide="ignore"):
        return floor + beta * (fraction(domain, share) * params) ** -alpha


def runs(noise: float = 0.001) -> pl.DataFrame:
    """Both losses of every training: five sizes and a wider one, nine shares, four draws; 9 at share 0, unknown."""
    rng = np.random.default_rng(5)
    rows = []
    for params in (*SIZES, 4e6):
        for share in SHARES:
            for draw in range(4):
                for domain, own in (("news", share), ("code", round(1 - share, 12))):
                    value = 9.0 if own == 0 else float(loss(domain, np.array([own]), params)[0])
                    rows.append((domain, own, params, draw, value * np.exp(noise * rng.standard_normal())))
    frame = pl.DataFrame(rows, schema=["domain", "share", "params", "draw", "loss"], orient="row")
    return frame.with_columns(seen=pl.lit(1e6), run=pl.format("{} {} {} {}", *frame.columns[:4]))


def study(folder: Path) -> dict[str, Any]:
    columns = {"group": "domain", "share": "share", "params": "params", "draw": "draw", "error": "loss"}
    table = {"name": "runs", "files": [{"path": "runs.csv"}], "columns": columns | {"samples_seen": "seen"}}
    part = {"table": "runs", "first": "news", "importance": [0.3, 0.5], "params": [1e8], "apart": [0.3, 0.7]}
    _, alpha, floor, c1, c2, c3 = TRUTH["news"]
    known = {"alpha": alpha, "L_inf": floor, "c1": c1, "c2": c2, "c3": c3}
    half = float(fraction("code", np.array([0.5]))[0])
    checks = [
        {"kind": "domain_constant", "domain": "news", "published": known},
        {"kind": "domain_fraction", "domain": "code", "share": 0.5, "published": half},
        {"kind": "domain_error", "test": "size", "method": "predicted", "quantity": "own beta"},
        {"kind": "domain_error", "test": "size", "quantity": "f_hat"},
        {"kind": "domain_error", "test": "size", "method": "last", "quantity": "widest"},
        {"kind": "domain_error", "test": "size", "method": "line", "quantity": "line"},
        {"kind": "domain_error", "test": "share", "quantity": "share"},
        {"kind": "domain_error", "test": "share", "method": "between", "quantity": "between"},
        {"kind": "domain_regret", "quantity": "regret"},
        {"kind": "domain_regret", "method": "plain", "quantity": "plain"},
    ]
    return {
        "study": "mixed",
        "title": "Two domains",
        "seed": 1,
        "data_root": str(folder),
        "tables": [table | {"run": ["run"], "fitted": {"column": "params", "at_most": 1e6}}],
        "domains": part | {"bootstrap": 200},
        "reproduction": [check | {"source": "the law itself"} for check in checks],
    }


def test_known_constants_and_fractions_are_found(tmp_path: Path) -> None:
    runs().write_csv(tmp_path / "runs.csv")
    rerun, layout = parsed(study(tmp_path)), Layout(tmp_path / "results/mixed")
    build_points(rerun, layout)
    measure_fractions(rerun, layout)
    tables = {name: read(layout.law(name), schema, study="mixed") for name, schema in ARTIFACTS.items()}
    rows = compare_numbers(rerun, {}, tables)
    assert rows["agrees"].to_list()[:6] == [True] * 6
    errors = dict(rows["quantity", "refit"].iter_rows())
    assert max(errors["own beta"], errors["f_hat"], errors["share"]) < 0.004
    assert errors["f_hat"] < errors["line"] < errors["widest"]
    assert errors["share"] < errors["between"]
    assert 0 <= errors["regret"] < 0.01
    assert errors["regret"] <= errors["plain"]
    assert (tables["domain_fractions"]["lower"] < tables["domain_fractions"]["upper"]).all()
    for domain in TRUTH:
        found = tables["domain_fractions"].filter(domain=domain)
        truth = fraction(domain, found["share"].to_numpy())
        assert np.abs(np.log(found["fraction"].to_numpy() / truth)).max() < 0.03
        assert np.abs(np.log(found["f_hat"].to_numpy() / truth)).max() < 0.05
        assert (found["lowest_here"] / found["fraction"]).min() > 0.8  # type: ignore[operator]
    assert set(tables["domains"].filter(constant="alpha")["method"]) == {"weighted draws, joint across pools, t(3)"}
    before = {name: layout.law(name).read_bytes() for name in ARTIFACTS}
    measure_fractions(rerun, layout)
    assert before == {name: layout.law(name).read_bytes() for name in ARTIFACTS}

    section, words = domains_section(*tables.values()), domains_words(*tables.values())
    assert "Effective fractions" in section
    assert words[0].startswith("code: f(0.05) = ")
    figures = domain_figures(*list(tables.values())[:3])
    assert [figure.name for figure in figures] == [name for name in rerun.figures if name.startswith("domain")]
    assert all("</svg>" in figure.svg() for figure in figures)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    exact, hits = runs(1e-12).filter(pl.col("share") > 0, pl.col("params") <= 1e6, domain="news"), []
    for seed in range(20):
        noise = np.exp(0.003 * np.random.default_rng(seed).standard_normal(exact.height))
        rows = exact.select("params", "share", "draw", error=pl.col("loss") * pl.Series(noise), run_id="run")
        found = fit_domain("news", rows, bootstrap=100, level=0.95, seed=seed)
        for draws, truth in (
            (found.fraction_draws, fraction("news", found.shares)),
            (found.coefficient_draws, np.array(TRUTH["news"][3:])),
        ):
            lower, upper = interval(draws, 0.95)
            hits += ((lower < truth) & (truth < upper)).tolist()
    assert 0.88 < np.mean(hits) <= 1


def test_a_constant_at_its_bound_has_no_interval(tmp_path: Path) -> None:
    steeper = (-0.01 * pl.col("params").log() ** 2).exp()  # no power law with a floor: it falls ever faster
    bent = 10 * steeper * pl.col("share").clip(0.01) ** -0.1
    runs().with_columns(loss=bent).write_csv(tmp_path / "runs.csv")
    rerun, layout = parsed(changed(study(tmp_path), "domains.bootstrap", 20)), Layout(tmp_path / "results/mixed")
    build_points(rerun, layout)
    measure_fractions(rerun, layout)
    tables = {name: read(layout.law(name), schema, study="mixed") for name, schema in ARTIFACTS.items()}
    floor = tables["domains"].filter(constant="L_inf")
    assert floor["estimate"].to_list() == [0.0] * 4
    assert floor["lower"].null_count() == floor["upper"].null_count() == 4
    assert floor["flags"].str.starts_with("at a bound").all()
    assert any(
        words.startswith("L_inf of news alone is not to be trusted: at a bound")
        for words in domains_words(*tables.values())
    )
    with pytest.raises(InputError, match=r"^key reproduction\[0\]: L_inf of news lies at a bound and has no interval"):
        compare_numbers(rerun, {}, tables)


def test_the_chosen_share_is_the_best_one(tmp_path: Path) -> None:
    points = runs(1e-6).select("domain", "share", "params", "draw", error="loss", run_id="run")
    points = points.with_columns(
        role=pl.when(pl.col("params") > 1e6).then(pl.lit("held_out")).otherwise(pl.lit("fitted"))
    )
    part = Domains(table="runs", first="news", importance=[0.3, 0.6], params=[1e8], bootstrap=50)
    (news, _), (code, _) = (fit_both(points, name, part, 3) for name in ("news", "code"))
    chosen = choose_shares(points, news, code, part)
    assert chosen.height == 2 * 7
    assert chosen.filter(role="asked")["params"].to_list() == [1e8, 1e8]
    assert chosen.filter(role="asked")["best"].null_count() == 2
    grid = np.linspace(0.05, 0.95, 9001)
    for row in chosen.iter_rows(named=True):
        w, size = row["importance"], row["params"]
        total = w * loss("news", grid, size) + (1 - w) * loss("code", 1 - grid, size)
        assert row["share"] == pytest.approx(grid[total.argmin()], abs=0.005)
        assert row["predicted"] == pytest.approx(total.min(), rel=1e-4)
        assert row["lower"] <= row["share"] <= row["upper"]
        if row["role"] != "asked":
            assert row["trained"] == row["best"]
            assert row["regret"] == row["regret_lower"] == row["regret_upper"] == 0
            assert row["plain_regret"] >= 0


def test_fractions_are_read_without_a_law() -> None:
    params, share = (m.ravel() for m in np.meshgrid(SIZES, [0.3, 1.0]))
    power = (share * params) ** -0.3  # straight in logs
    frame = pl.DataFrame({"params": params, "share": share, "measured": power})
    found = fractions_here(frame.with_columns(role=pl.lit("fitted")))
    assert found[:2] == [None, None]  # as good as sizes below the smallest
    assert found[2:] == pytest.approx([0.3] * 3 + [1.0] * 5)
    assert fractions_here(frame.with_columns(measured=pl.col("params"))) == [None] * 10


def test_no_transfer_has_no_coefficients_of_its_own() -> None:
    share = np.array([0.1, 0.4, 0.8])
    theta = np.array([[0.0, 0.5, 0.5]])
    assert FractionTransfer().predict(theta, {"share": share})[0] == pytest.approx(share)
    assert FractionTransfer().predict(np.array([[0.3, 0.5, 0.5]]), {"share": np.array([1.0])})[0] == 1
    law = DomainSize((0.5, 1.0))
    assert law.fractions(np.array([[0.5, 1.0, 20.0, 10.0]]))[0] == pytest.approx([0.25, 1.0])
    with pytest.raises(InputError, match=r"^share 0.4 has no beta: the law was fitted at the shares 0.5, 1$"):
        law.design(pl.DataFrame({"share": [0.4], "params": [10.0]}))


CODE, NEWS = pl.col("domain") == "code", pl.col("domain") == "news"
BROKEN: list[tuple[str, Any, pl.Expr, str]] = [
    ("seed", 1, NEWS | (pl.col("share") < 1), "^domain code: no fitted run was trained at share 1, whose beta"),
    ("domains.apart", [], pl.col("share").is_in([0.0, 0.05, 0.95, 1.0]), "^domain news: f_hat has 3 coefficients"),
    ("domains.apart", [0.3, 0.5], ~pl.col("share").is_in([0.7, 0.85, 0.15]), "^key domains.apart: domain news: f_hat"),
    ("domains.apart", [0.4], pl.lit(True), r"^key domains.apart\[0\]: no run has share 0.4; the shares are 0, 0.05"),
    ("seed", 1, pl.col("params") == 1e5, "^domain news: the fitted runs have 1 model size, and alpha needs 2"),
    ("seed", 1, CODE, "^key domains.first: 'news' is no domain; these are: code"),
    ("domains.first", "code", CODE, r"^key domains.table: table 'runs' has 1 domains \(code\), and two are mixed"),
    ("tables.0.columns.share", None, pl.lit(True), "^key domains.table: table 'runs' gives no share of every row"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value", "kept", "says"), BROKEN)
def test_what_cannot_be_fitted_is_said(tmp_path: Path, key: str, value: Any, kept: pl.Expr, says: str) -> None:
    runs().filter(kept).write_csv(tmp_path / "runs.csv")
    content = study(tmp_path)
    if value is None:
        del content["tables"][0]["columns"]["share"]
    else:
        content = changed(content, key, value)
    rerun, layout = parsed(content), Layout(tmp_path / "results/mixed")
    build_points(rerun, layout)
    with pytest.raises(InputError, match=says):
        measure_fractions(rerun, layout)
    assert not layout.law("domains").exists()


def test_a_share_outside_0_to_1_is_named(tmp_path: Path) -> None:
    wrong = pl.when(pl.col("share") == 0.7).then(1.4).otherwise(pl.col("share"))
    runs().with_columns(share=wrong).write_csv(tmp_path / "runs.csv")
    rerun, layout = parsed(study(tmp_path)), Layout(tmp_path / "results/mixed")
    build_points(rerun, layout)
    with pytest.raises(InputError, match=r"has share 1.4 of domain \w+, and shares lie between 0 and 1"):
        measure_fractions(rerun, layout)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("domains.table", "x", "domains.table: 'x' is no table; these are: runs"),
        ("domains", None, "reproduction[0].kind: domain_constant needs the key domains; give it"),
        ("domains.importance", [0.5, 1], "domains.importance[1] must be below 1"),
        ("domains.apart", [0.3, 0.3], "domains.apart[1]: 0.3 stands there twice; name it once"),
        ("reproduction.2.method", "between", "reproduction[2].method: between does not foretell a size; use"),
        ("reproduction.6.method", "predicted", "reproduction[6].method: predicted does not foretell a share; use"),
    ],
)  # fmt: skip
def test_faults_are_one_sentence(tmp_path: Path, key: str, value: Any, says: str) -> None:
    with pytest.raises(InputError) as caught:
        parsed(changed(study(tmp_path), key, value))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("reproduction.0.domain", "web", r"^key reproduction\[0\]: domain 'web' is not there; these are: code, news"),
        ("reproduction.1.share", 0.4, r"^key reproduction\[1\]: share 0.4 of code was not fitted; these are: 0.05"),
        ("tables.0.fitted", None, r"^key reproduction\[2\]: no size is held out that predicted foretells; set"),
    ],
)  # fmt: skip
def test_checks_of_what_is_not_there(tmp_path: Path, key: str, value: Any, says: str) -> None:
    runs().write_csv(tmp_path / "runs.csv")
    content = changed(study(tmp_path), key, value)
    content["domains"]["bootstrap"] = 20
    rerun, layout = parsed(content), Layout(tmp_path / "results/mixed")
    build_points(rerun, layout)
    measure_fractions(rerun, layout)
    tables = {name: read(layout.law(name), schema, study="mixed") for name, schema in ARTIFACTS.items()}
    with pytest.raises(InputError, match=says):
        compare_numbers(rerun, {}, tables)
