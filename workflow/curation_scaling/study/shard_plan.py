"""How shards become jobs: which shards a job reads, which ranges of uids a job writes, how much disk they take.

Nothing heavy is imported: the workflow plans thousands of shards each time it starts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from curation_scaling.errors import InputError
from curation_scaling.study.model import PoolStudy
from curation_scaling.study.shards import ShardsSource, TopFilter

HELD = 1 << 29
"""Bytes of scores that one job keeps from pass to pass."""

BUCKETS = "buckets"  # the selection that cuts the buckets; filters of kind top have their own
_REMOTE = re.compile(r"[a-z][a-z0-9+.-]*://")
_NUMBERS = re.compile(r"\{([0-9]+)\.\.([0-9]+)\}")


def is_remote(shard: str) -> bool:
    """Whether a Snakemake storage plugin fetches the shard."""
    return _REMOTE.match(shard) is not None


@dataclass(frozen=True)
class ShardPlan:
    """The jobs of a study whose source are shards."""

    study: PoolStudy

    @property
    def source(self) -> ShardsSource:
        """The source."""
        assert isinstance(self.study.pools.source, ShardsSource)
        return self.study.pools.source

    @cached_property
    def tables(self) -> dict[str, list[str]]:
        """Each table's shards, sorted: "rows", and "attach0" and so on.

        Raises:
            InputError: if a pattern matches no file, or a shard is named twice.
        """
        found = {"rows": self.generated or self._shards(self.source.shards, "pools.source.shards")}
        for i, table in enumerate(self.source.attach):
            found[f"attach{i}"] = self._shards(table.shards, f"pools.source.attach[{i}].shards")
        return found

    @property
    def generated(self) -> list[str]:
        """The shards that the study makes itself."""
        folder = Path(self.study.data_root or ".").expanduser() / "data" / self.study.study
        return [str(folder / f"shard-{i:04d}.parquet") for i in range(self.source.generate or 0)]

    @property
    def parts(self) -> int:
        """Fixed ranges of uids."""
        return self.source.part_count

    @property
    def jobs(self) -> int:
        """Jobs that one pass over all rows is spread over."""
        return -(-self.source.rows // self.source.rows_per_job)

    @cached_property
    def ranges(self) -> list[range]:
        """The parts of each job of a pass."""
        jobs = min(self.jobs, self.parts)
        stops = [i * self.parts // jobs for i in range(jobs + 1)]
        return [range(a, b) for a, b in pairwise(stops)]

    @property
    def at_once(self) -> bool:
        """Whether one job can pass over all rows: it then finds the cuts, cuts, and writes the subset files too."""
        return len(self.ranges) == 1

    def batches(self, table: str) -> list[list[str]]:
        """The shards of each reading job of a table."""
        return self._batches[table]

    @cached_property
    def _batches(self) -> dict[str, list[list[str]]]:
        return {table: self._split(table) for table in self.tables}

    def _split(self, table: str) -> list[list[str]]:
        """Of about the same size in bytes, where that is known."""
        shards = self.tables[table]
        jobs = min(self.jobs, len(shards))
        weights = [1 if is_remote(s) or s in self.generated else max(Path(s).stat().st_size, 1) for s in shards]
        batches: list[list[str]] = [[] for _ in range(jobs)]
        total, so_far = sum(weights), 0
        for shard, weight in zip(shards, weights, strict=True):
            batches[min(jobs * (2 * so_far + weight) // (2 * total), jobs - 1)].append(shard)
            so_far += weight
        return [batch for batch in batches if batch]

    def levels_apart(self, selection: str) -> int:
        """Levels of a selection that have jobs of their own."""
        return 0 if self.at_once and selection == BUCKETS else self.levels(selection)

    @property
    def pool_batches(self) -> dict[str, list[str]]:
        """The pools whose subset files a job of its own writes, by the first: some buckets, or one other pool."""
        pools = self.study.pools
        if not self.source.subset_files:
            return {}
        names = [] if self.at_once else pools.bucket_names
        jobs = min(self.jobs, len(names))
        buckets = [names[i * len(names) // jobs : (i + 1) * len(names) // jobs] for i in range(jobs)]
        return {batch[0]: batch for batch in (*buckets, *([name] for name in (*pools.joined, *pools.subsets)))}

    @property
    def top_filters(self) -> list[TopFilter]:
        """The filters that need every row's score at once."""
        return [f for f in self.source.filters if isinstance(f, TopFilter)]

    @property
    def ranked(self) -> list[str]:
        """The scores whose quantiles are averaged."""
        combine = self.source.combine
        return list(combine.scores) if combine and combine.by == "rank_average" else []

    @property
    def two_steps(self) -> bool:
        """Whether something needs all merged rows at once before a row's fate is known."""
        return bool(self.top_filters or self.ranked or self.source.content)

    @property
    def lanes(self) -> int:
        """16-bit lanes of a score."""
        return 2 if self.source.precision == "float32" else 4

    def levels(self, selection: str) -> int:
        """Passes over the scores that a selection needs; given edges need one, for the histogram alone."""
        pools = self.study.pools
        given = selection == BUCKETS and pools.edges is not None and not pools.within_group
        return 1 if given else self.lanes

    @property
    def bytes_a_row(self) -> float:
        """Disk that a row takes at most, of all files there are at the same time."""
        source, pools = self.source, self.study.pools
        score = 4 if source.precision == "float32" else 8
        sizes = 8 * ((source.tokens is not None) + (source.bytes is not None))
        group = 4 * (source.group is not None)
        common = 16 + sizes + group
        scores = score * len(source.score_names)
        run = common + 8 + scores + 16 * (source.content is not None)
        buckets = len(pools.bucket_names)
        joined = sum(len(members) / buckets for members in pools.joined.values())
        pool = (common + score + 16 * source.subset_files) * (1 + joined + len(pools.subsets) / buckets)
        return run + (run if self.two_steps else 0) + common + 8 + score + pool

    @property
    def disk(self) -> int:
        """Estimated bytes of all files of the study while it runs."""
        return int(self.bytes_a_row * self.source.rows)

    @property
    def memory(self) -> int:
        """Estimated peak of a job, MB: the rows of one range, or of one chunk that is read, a few times over."""
        at_once = max(self.source.rows / self.parts, 1 << 22, self.parts << 14)
        return int(600 + 4 * at_once * self.bytes_a_row / 1e6 / 2)

    @property
    def cut_memory(self) -> int:
        """The same for the job that cuts: where it finds the cuts too, it keeps the scores from pass to pass."""
        rows = self.source.rows if self.at_once else 0
        return self.memory + int(min(rows * self.bytes_a_row, HELD) / 1e6)

    @property
    def minutes(self) -> int:
        """Time limit of a job that passes over its rows once: generous, for what may be a slow shared disk."""
        return 10 + int(0.4 * min(self.source.rows, self.source.rows_per_job) / 1e6)

    def _shards(self, patterns: list[str], key: str) -> list[str]:
        found: list[str] = []
        for i, pattern in enumerate(patterns):
            found += self._matches(pattern, f"{key}[{i}]")
        for a, b in pairwise(sorted(found)):
            if a == b:
                raise InputError(f"key {key}: {a} is named twice; name each shard once")
        return sorted(found)

    def _matches(self, pattern: str, key: str) -> list[str]:
        if is_remote(pattern):
            return _numbered(pattern)
        root = Path(self.study.data_root or ".").expanduser()
        path = root / Path(pattern).expanduser()
        if path.is_dir():
            matches = [str(p) for p in path.rglob("*.parquet")]
        elif path.is_file():
            return [str(path)]
        else:
            anchor = Path(path.anchor) if path.is_absolute() else Path()
            matches = [str(p) for p in anchor.glob(str(path.relative_to(anchor))) if p.is_file()]
        if not matches:
            root_hint = "" if self.study.data_root else ", or let data_root name their folder"
            raise InputError(f"key {key}: {path} matches no Parquet file; put the shards there{root_hint}")
        return matches


def _numbered(pattern: str) -> list[str]:
    """{0000..0127} as each of its numbers, with its zeros."""
    match = _NUMBERS.search(pattern)
    if match is None:
        return [pattern]
    first, last = match[1], match[2]
    numbers = [f"{n:0{len(first)}d}" for n in range(int(first), int(last) + 1)]
    return [name for n in numbers for name in _numbered(pattern[: match.start()] + n + pattern[match.end() :])]
