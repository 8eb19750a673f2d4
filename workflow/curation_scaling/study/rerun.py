"""A rerun: a study of published results, in which a paper's fits are made again and its numbers compared."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from curation_scaling.errors import listed
from curation_scaling.layout import SOURCE_FIGURES
from curation_scaling.study.base import Count, Index, Name, Part, Positive, Real, Share, check_once
from curation_scaling.study.checks import AnyCheck, fits_of
from curation_scaling.study.diversity import Diversity, DiversityChecks
from curation_scaling.study.domains import DomainChecks, Domains
from curation_scaling.study.files import DataFile
from curation_scaling.study.mixing import Mixing, MixtureRankingCheck
from curation_scaling.study.ranking_checks import CrossoverCheck, GroupMeansCheck, RankingCheck, ReliabilityCheck
from curation_scaling.study.recipe import SIMULATION, Recipe, RecipeChecks, Simulation
from curation_scaling.study.regimes import ExponentCheck, TeacherStudent
from curation_scaling.study.score_file import ScoreFile
from curation_scaling.study.selectors import SelectorCheck, Selectors
from curation_scaling.study.sources import SourceErrorCheck, Sources
from curation_scaling.study.theory import Theory
from curation_scaling.study.trainings import TRAININGS, Trainings

AREAS = ("lr_area", "lr_annealing")  # columns that laws read, made by `schedule`
NUMBERS = ("params", "samples_seen", "unique_samples", "flops", *AREAS, "error")  # columns that laws read
# The same, in points only where a table has them.
DESIGNED = ("batch_size", "steps", "groups", "per_group", "share", "draw")


class Filter(Part):
    """Rows to keep, by one column: its values, its range, or its lowest so many."""

    column: str = Field(min_length=1, description="a column of the file, renamed, looked up, or derived")
    among: list[str] | None = Field(None, min_length=1, description="values to keep, as text")
    at_least: Real | None = Field(None, description="lowest value to keep")
    at_most: Real | None = Field(None, description="highest value to keep")
    lowest: Count | None = Field(None, description="keep this many rows, those with the lowest values")

    @model_validator(mode="after")
    def _one(self) -> "Filter":
        ranged = self.at_least is not None or self.at_most is not None
        if (self.among is not None) + (self.lowest is not None) + ranged != 1:
            raise ValueError("column: give exactly one of among, a range (at_least, at_most) and lowest")
        return self


class Lookup(Part):
    """A number for each value of a text column."""

    to: str = Field(min_length=1, description="the column that is made")
    column: str = Field(min_length=1, description="the file's column that is looked up")
    values: dict[str, Real] = Field(min_length=1, description="value in the file: number")


class Schedule(Part):
    """The learning-rate schedule of runs, one run a file: makes lr_area and lr_annealing, and `file`, its name."""

    step: str = Field("step", description="column of the optimiser step, rising within a file")
    rate: str = Field("lr", description="column of the learning rate at that step; linear between rows")
    momentum: Annotated[Real, Field(ge=0, lt=1)] = Field(0.999, description="decay of the annealing momentum, a step")
    warm_up: Index = Field(
        0, description="steps in which the rate first rises from 0 to the first row's; they count in lr_area alone"
    )


class Table(Part):
    """Published runs from files, one row an evaluation; each fit takes one table."""

    name: Name
    files: list[DataFile] = Field(
        min_length=1,
        description="CSV or Parquet files with the same columns, one below the other; or a folder of JSON files, a "
        "row each, whose columns are keys and list positions joined by dots (sha256: of the lines of sha256sum *.json)",
    )
    columns: dict[str, str] = Field({}, description="column that laws read (or group): column of the file")
    run: list[str] = Field([], description="columns of the file that name a run together; default: the row's number")
    means: list[str] = Field([], description="columns of the file; rows with the same values there become their mean")
    distinct: bool = Field(False, description="drop rows that repeat in the columns that are read")
    lookups: list[Lookup] = []
    derived: dict[str, str] = Field({}, description="column: formula of other columns, such as flops / (6 * params)")
    schedule: Schedule | None = Field(None, description="runs whose learning rate is known at every step")
    where: list[Filter] = Field([], description="rows to keep; all must hold")
    frontier: str | None = Field(
        None, description="keep only runs on the Pareto frontier of the error over this column, such as flops"
    )
    fitted: Filter | None = Field(None, description="rows to fit; the others are held out. Default: all rows")
    metric: str = Field("error", min_length=1, description="what the error is, for axes and comparisons")

    @model_validator(mode="after")
    def _complete(self) -> "Table":
        known = (*NUMBERS, *DESIGNED, "group")
        for name in self.columns:
            if name not in known:
                raise ValueError(f"columns.{name}: laws read no such column; the choices are {listed(name, known)}")
        made = {*self.columns, *self.derived, *(lookup.to for lookup in self.lookups)}
        for name in AREAS:
            if name in made and self.schedule is not None:
                raise ValueError(f"schedule: it makes {name}, and the table makes it, too; remove one of them")
        for name in ("samples_seen", "error"):
            if name not in made:
                raise ValueError(f"columns.{name} is missing; name the file's column, or derive it")
        return self


class FormulaParameter(Part):
    """One parameter of a formula."""

    name: Name
    unit: str = "1"
    lower: Real = Field(0.0, description="lower bound; above 0 where log is true")
    upper: Real | None = Field(None, description="upper bound; needed unless the parameter is linear")
    log: bool = Field(False, description="search on the log scale")


class Formula(Part):
    """A law of the study's own, written as a formula of its parameters and of columns."""

    name: Name
    formula: str = Field(min_length=1, description="numbers, names, + - * / ** and exp, log, log1p, expm1, sqrt")
    parameters: list[FormulaParameter] = Field(min_length=1)


class FitOf(Part):
    """One fit of a law to a table, or one a run."""

    name: Name
    table: Name
    laws: list[str] = Field(
        min_length=1, description="a law or formula; of several the one with the best rollout inside the fitted rows"
    )
    each_run: bool = Field(False, description="one fit a run (a learning curve) instead of one to all rows")
    combine: bool = Field(
        False,
        description="weigh the laws by their rollouts, pooled over a group's runs, instead of choosing one",
    )
    loss: Literal["log_huber", "mse", "lad", "log_mse"] = Field("log_huber", description="loss of the fit")
    delta: Positive = Field(1e-3, description="width of the Huber loss in log units")
    fixed: dict[str, Real | None] = Field(
        {}, description="parameter: constant; null fits a parameter that is a constant by default, such as gamma"
    )
    options: dict[Name, Real | bool] = Field(
        {}, description="options of the laws, such as untrained, n0 and one_half_life of the repetition laws"
    )
    bootstrap: Index = Field(0, description="bootstrap replicates; 0: profile intervals, or none with each_run")
    level: Share = Field(0.95, description="level of all intervals")

    @model_validator(mode="after")
    def _plain(self) -> "FitOf":
        check_once("laws", self.laws)
        if self.bootstrap and self.each_run:
            raise ValueError("bootstrap: one fit a run has no other runs to resample; set bootstrap to 0")
        if self.combine and not self.each_run:
            raise ValueError("combine: weights are pooled over runs that are fitted one by one; set each_run")
        if self.combine and self.fixed:
            raise ValueError("fixed: laws combined have no parameter in common to hold; leave it out")
        return self


class Rerun(Part):
    """One rerun: published results, fits of laws to them, and the published numbers to compare."""

    study: Name = Field(description="name of the study and of its folder below results/")
    title: str = Field(description="one line for the report")
    seed: Index = Field(description="every random choice derives from it")
    unit: Literal["samples", "tokens", "characters"] = Field("samples", description="unit of samples_seen")
    about: str = Field("", description="a paragraph for the report: what was published, what is done again")
    data_root: str | None = Field(None, description="folder of local copies of data files")
    tables: list[Table] = []
    formulas: list[Formula] = []
    fits: list[FitOf] = []
    rankings: list[ScoreFile] = []
    theory: Theory | None = None
    mixing: Mixing | None = Field(None, description="mixtures whose losses are predicted from smaller runs")
    sources: Sources | None = Field(None, description="sources seen only in part, mixed, trained on and chosen from")
    teacher_student: TeacherStudent | None = Field(None, description="students of known teachers, simulated")
    selectors: Selectors | None = Field(None, description="ways of choosing data, with what each costs")
    trainings: Trainings | None = Field(None, description="trainings of the study's own; their table is `trainings`")
    simulation: Simulation | None = Field(None, description="trainings by known constants; their table is `simulation`")
    recipe: Recipe | None = Field(None, description="a large training foretold from small ones, step by step")
    diversity: Diversity | None = Field(None, description="more groups, or more samples of each")
    domains: Domains | None = Field(None, description="two domains in a mixture: effective fractions, and a share")
    reproduction: list[AnyCheck] = Field([], description="published numbers; may be empty only beside sources")

    @model_validator(mode="after")
    def _consistent(self) -> "Rerun":
        named = (("tables", self.tables), ("formulas", self.formulas), ("fits", self.fits), ("rankings", self.rankings))
        for key, items in named:
            check_once(key, [item.name for item in items])
        parts = (self.point_tables, self.rankings, self.theory, self.mixing, self.selectors, self.teacher_student)
        if not any((*parts, self.sources)):
            raise ValueError(
                "tables: nothing to do again; give tables, rankings, theory, mixing, selectors, teacher_student, "
                "trainings, simulation or sources"
            )
        if not (self.reproduction or self.sources):
            raise ValueError("reproduction: nothing is compared; give at least one check")
        tables, fits = self.point_tables, [fit.name for fit in self.fits]
        check_once("tables", tables)
        self._check_parts(tables)
        for i, fit in enumerate(self.fits):
            if fit.table not in tables:
                raise ValueError(f"fits[{i}].table: {fit.table!r} is no table; these are: {listed(fit.table, tables)}")
        grouped = {fit.name: fit.each_run for fit in self.fits}
        for i, check in enumerate(self.reproduction):
            if isinstance(check, MixtureRankingCheck) and self.mixing is None:
                raise ValueError(f"reproduction[{i}].kind: mixture_ranking needs the key mixing; give it")
            if isinstance(check, SourceErrorCheck) and self.sources is None:
                raise ValueError(f"reproduction[{i}].kind: source_error needs the key sources; give it")
            if isinstance(check, ExponentCheck) and self.teacher_student is None:
                raise ValueError(f"reproduction[{i}].kind: limit_exponent needs the key teacher_student; give it")
            if isinstance(check, SelectorCheck) and self.selectors is None:
                raise ValueError(f"reproduction[{i}].kind: {check.kind} needs the key selectors; give it")
            if isinstance(check, RankingCheck):
                self._check_ranking(f"reproduction[{i}]", check)
            each_run = check.kind in ("extrapolation", "best_share")
            for key, name in fits_of(check):
                if name not in grouped:
                    raise ValueError(f"reproduction[{i}].{key}: {name!r} is no fit; these are: {listed(name, fits)}")
                if grouped[name] != each_run:
                    need = "one fit a run, set each_run" if each_run else "one fit to all rows, unset each_run"
                    raise ValueError(f"reproduction[{i}].{key}: {check.kind} needs {need} of {name!r}")
        return self

    def _check_parts(self, tables: list[str]) -> None:
        """Parts name tables that are there, and checks the parts that they need."""
        for key, part in (("recipe", self.recipe), ("diversity", self.diversity), ("domains", self.domains)):
            if part is not None and part.table not in tables:
                known = listed(part.table, tables) if tables else "none; give tables, trainings or simulation"
                raise ValueError(f"{key}.table: {part.table!r} is no table; these are: {known}")
        for i, check in enumerate(self.reproduction):
            for key, kinds, part in (
                ("recipe", RecipeChecks, self.recipe),
                ("diversity", DiversityChecks, self.diversity),
                ("domains", DomainChecks, self.domains),
            ):
                if isinstance(check, kinds) and part is None:
                    raise ValueError(f"reproduction[{i}].kind: {check.kind} needs the key {key}; give it")

    def _check_ranking(self, where: str, check: RankingCheck) -> None:
        """A check of rankings or groups names what is there."""
        if isinstance(check, GroupMeansCheck | CrossoverCheck):
            if check.table not in (tables := [table.name for table in self.tables]):
                raise ValueError(
                    f"{where}.table: {check.table!r} is no table; these are: {listed(check.table, tables)}"
                )
            return
        files = {ranking.name: ranking for ranking in self.rankings}
        if check.ranking not in files:
            raise ValueError(
                f"{where}.ranking: {check.ranking!r} is no ranking; these are: {listed(check.ranking, files)}"
            )
        known = files[check.ranking]
        if isinstance(check, ReliabilityCheck):
            named = {"metric": (check.metric, known.seeds)}
        else:
            named = {key: (getattr(check, key), known.metrics) for key in ("first", "second")}
        for key, (name, choices) in named.items():
            if name not in choices:
                raise ValueError(f"{where}.{key}: {name!r} is not among {', '.join(choices) or 'none'}")

    @property
    def point_tables(self) -> list[str]:
        """Names of the tables of points: of files, of trainings, and of a simulation."""
        made = [name for name, part in ((TRAININGS, self.trainings), (SIMULATION, self.simulation)) if part is not None]
        return [*(table.name for table in self.tables), *made]

    @property
    def figures(self) -> list[str]:
        """Names of the report's figures."""
        theory = ["theory_curves", "theory_probes", "theory_envelope", "theory_best_fraction"] if self.theory else []
        rankings = ["rank_correlation", "kept_overlap"] if self.rankings else []
        groups = [c for c in self.reproduction if isinstance(c, GroupMeansCheck)]
        sources = [*SOURCE_FIGURES] if self.sources else []
        limits = ["limits", "exponents"] if self.teacher_student else []
        selectors = ["selector_budgets"] if self.selectors else []
        recipe = ["recipe_hyperbolas", "recipe_batch", "recipe_trajectories"] if self.recipe else []
        diversity = ["diversity_curves", "diversity_verdict"] if self.diversity else []
        return [
            "agreement",
            *sources,
            *theory,
            *limits,
            *rankings,
            *(["pruning_curves"] if groups else []),
            *selectors,
            *recipe,
            *(["fitted"] if self.fits else []),
            *diversity,
            *(["domain_fractions", "domain_losses"] if self.domains else []),
        ]
