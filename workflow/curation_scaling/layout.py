"""Where each artifact of a study lies; the workflow's rules and the package's stages share these paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

BEYOND = ("optimal", "greedy", "scoring", "break_even", "next_run", "allocation")
BEYOND_FIGURES = ("optimal_weights", "schedule_gain", "scoring", "next_run", "allocation")
# Of every study with runs, in the order of the report; then of those parts that a study may have.
FIGURES = (
    "frontier", "probability_best", "learning_curves", "utility", "mixtures", "residuals", "holdout", "profiles",
    "parameter_correlations", *BEYOND_FIGURES,
)  # fmt: skip
POOL_FIGURES = ("scores", "outcomes")
PRUNING_FIGURES = (
    "pruning_curves", "pruning_gains", "pruning_envelope", "pruning_exponents", "prune_or_repeat", "rank_correlation",
    "kept_overlap", "class_skew",
)  # fmt: skip
SOURCE_FIGURES = ("source_predictions", "source_errors", "source_projection", "source_choice")
NOISE_FIGURES = ("noise",)
REGIME_FIGURES = ("exponents",)
PUBLISHED_FIGURES = ("published", "agreement")


@dataclass(frozen=True)
class Layout:
    """Paths below `results/<study>`; arguments may be Snakemake wildcards such as "{pool}"."""

    root: Path

    @property
    def study(self) -> Path:
        """The merged, validated study file."""
        return self.root / "study.yaml"

    @property
    def submitted(self) -> Path:
        """There while jobs are out on a cluster: the digest of the study and the code that they run."""
        return self.root / ".submitted"

    @property
    def provenance(self) -> Path:
        """What the results were made of and by."""
        return self.root / "provenance.json"

    @property
    def samples(self) -> Path:
        """Every sample of the source, with its role and score."""
        return self.root / "pools/samples.parquet"

    @property
    def source_counts(self) -> Path:
        """What became of each row that the source read."""
        return self.root / "pools/source.json"

    def pool(self, pool: str, draw: int | str) -> Path:
        """The manifest of a pool in one draw."""
        return self.root / f"pools/{pool}/draw-{draw}.parquet"

    def subset(self, pool: str, draw: int | str) -> Path:
        """The same pool as a DataComp subset file: dtype u8,u8, sorted."""
        return self.root / f"pools/{pool}/draw-{draw}.npy"

    def edges_of(self, draw: int | str) -> Path:
        """The bucket edges of one draw."""
        return self.root / f"pools/_draws/edges-{draw}.parquet"

    def summary_of(self, draw: int | str) -> Path:
        """What became of each row in one draw."""
        return self.root / f"pools/_draws/summary-{draw}.parquet"

    @property
    def edges(self) -> Path:
        """The bucket edges of all draws."""
        return self.root / "pools/edges.parquet"

    @property
    def summary(self) -> Path:
        """What became of each row, all draws."""
        return self.root / "pools/summary.parquet"

    def part(self, pool: str, part: int) -> Path:
        """One fixed range of uids of a pool that was cut from shards."""
        return self.root / f"pools/{pool}/part-{part:04d}.parquet"

    def parts(self, pool: str) -> Path:
        """All parts of a pool, as a pattern that readers of Parquet take."""
        return self.root / f"pools/{pool}/*.parquet"

    def whole_subset(self, pool: str) -> Path:
        """A pool that was cut from shards as one DataComp subset file."""
        return self.root / f"pools/{pool}.npy"

    @property
    def histogram(self) -> Path:
        """Rows by score, of all that were cut."""
        return self.root / "pools/histogram.parquet"

    @property
    def group_edges(self) -> Path:
        """Where the buckets of each group end, if groups have ends of their own."""
        return self.root / "pools/group_edges.parquet"

    @property
    def ledger(self) -> Path:
        """What became of each row, shard by shard."""
        return self.root / "pools/shards.parquet"

    @property
    def work(self) -> Work:
        """Files between the stages that cut shards."""
        return Work(self.root / "pools/_work")

    def run(self, pool: str, draw: int | str, seed: int | str) -> Path:
        """One training run: its evaluations."""
        return self.root / f"runs/{pool}.draw-{draw}.seed-{seed}.parquet"

    @property
    def runs(self) -> Path:
        """All runs."""
        return self.root / "runs.parquet"

    @property
    def points(self) -> Path:
        """The published runs of a rerun."""
        return self.root / "points.parquet"

    def training(self, set: str, draw: int | str) -> Path:
        """One set of a rerun's own trainings in one draw."""
        return self.root / f"trainings/{set}.draw-{draw}.parquet"

    def artifact(self, name: str) -> Path:
        """An artifact by the name of its schema, such as laws/fits."""
        return self.root / f"{name}.parquet"

    def law(self, name: str) -> Path:
        """One artifact of the fitted laws: fits, draws, predictions, holdout, diagnostics, reproduction, and so on."""
        return self.root / f"laws/{name}.parquet"

    def ranking(self, name: str) -> Path:
        """One artifact of the rankings: dynamics, scores, correlation, reliability, overlap, skew."""
        return self.root / f"ranking/{name}.parquet"

    def pruned_runs(self, draw: int | str, size: int | str) -> Path:
        """The runs on all pruned pools of one draw and initial size."""
        return self.root / f"pruning/runs/draw-{draw}.size-{size}.parquet"

    def pruning(self, name: str) -> Path:
        """One artifact of pruning: curves, fits, envelope, theory, and so on."""
        return self.root / f"pruning/{name}.parquet"

    def source(self, name: str) -> Path:
        """One artifact of sources seen in part: samples, counts, distances, predictions, weights, and so on."""
        return self.root / f"sources/{name}.parquet"

    def source_runs(self, size: int | str, seed: int | str) -> Path:
        """Runs on mixtures of sources: a size's, the choices' ("choice") or the imported ones ("imported")."""
        return self.root / f"sources/runs/{size}.seed-{seed}.parquet"

    def regime(self, name: str) -> Path:
        """One artifact of the regimes: dimension, verdicts, limits."""
        return self.root / f"regimes/{name}.parquet"

    @property
    def fits_text(self) -> Path:
        """The fits of a rerun in words."""
        return self.root / "laws/fits.txt"

    @property
    def utility(self) -> Path:
        """Utility of each pool by repetition."""
        return self.root / "utility.parquet"

    @property
    def frontier(self) -> Path:
        """Every pool at every budget."""
        return self.root / "frontier.parquet"

    @property
    def switches(self) -> Path:
        """The budgets at which the best pool changes."""
        return self.root / "switches.parquet"

    def beyond(self, name: str) -> Path:
        """One table past the plain frontier, by a name of BEYOND."""
        return self.root / f"beyond/{name}.parquet"

    @property
    def beyond_all(self) -> list[Path]:
        """All tables past the plain frontier."""
        return [self.beyond(name) for name in BEYOND]

    @property
    def report(self) -> Path:
        """The self-contained report."""
        return self.root / "report.html"

    @property
    def partial_report(self) -> Path:
        """The report of what is there while some runs have failed."""
        return self.root / "report.partial.html"

    @property
    def answer(self) -> Path:
        """The answer in words."""
        return self.root / "answer.txt"

    def figure(self, name: str, form: str) -> Path:
        """One figure of the report, as "svg" or "png", or its caption as "rst"."""
        return self.root / f"figures/{name}.{form}"

    def drawn(self, names: Sequence[str]) -> list[Path]:
        """Figures by name, as SVG and as PNG, and their captions."""
        return [self.figure(name, form) for name in names for form in ("svg", "png", "rst")]


@dataclass(frozen=True)
class Work:
    """Files between the stages that cut shards: nothing else reads them."""

    root: Path

    def run(self, table: str, batch: int) -> Path:
        """The rows of a batch of shards ("rows", or an attached table), a row group for each range of uids."""
        return self.root / f"runs/{table}-{batch}.parquet"

    def read(self, table: str, batch: int) -> Path:
        """What was read and dropped in a batch of shards."""
        return self.root / f"runs/{table}-{batch}.json"

    def merged(self, part: int) -> Path:
        """A range of uids, sorted, before what needs all rows at once."""
        return self.root / f"merged/part-{part:04d}.parquet"

    def merged_counts(self, batch: int) -> Path:
        """What was dropped while ranges were merged."""
        return self.root / f"merged/counts-{batch}.json"

    def contents(self, batch: int) -> Path:
        """The content hashes of a batch of ranges, a row group for each range of hashes."""
        return self.root / f"contents/run-{batch}.parquet"

    def repeats(self, batch: int) -> Path:
        """The uids of rows that repeat a content, a row group for each range of uids."""
        return self.root / f"contents/repeats-{batch}.parquet"

    def ranks(self, score: str) -> Path:
        """The quantile of every value of a score."""
        return self.root / f"ranks/{score}.parquet"

    def scored(self, part: int) -> Path:
        """A range of uids, sorted: the rows that are cut, with the score that ranks them."""
        return self.root / f"scored/part-{part:04d}.parquet"

    def scored_counts(self, batch: int) -> Path:
        """What was dropped while ranges were scored."""
        return self.root / f"scored/counts-{batch}.json"

    def level(self, selection: str, level: int, batch: int) -> Path:
        """A histogram of one level of a selection, over a batch of ranges."""
        return self.root / f"select/{selection}/level-{level}.{batch}.parquet"

    def tally(self, batch: int) -> Path:
        """Rows, sizes and edges of each bucket in a batch of ranges."""
        return self.root / f"tally/{batch}.json"
