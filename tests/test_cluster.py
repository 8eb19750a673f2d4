"""What is known of a killed run without asking Slurm; tests/cluster asks a real one."""

from pathlib import Path

import pytest

from curation_scaling.cluster import begin_record, cancel, end_record, orphans, refuse_orphans
from curation_scaling.errors import InputError
from curation_scaling.layout import Layout


def log(folder: Path, study: str, run: str = "SLURM run ID: 4e1bfc1e\n") -> None:
    path = folder / f".snakemake/log/{study}.snakemake.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"SNAKEMAKE\nBuilding DAG of jobs...\n{run}    log: logs/{study}/shards/generate-0.log\n")


def test_every_rule_asks_for_more_at_its_next_try() -> None:
    rules = Path(__file__).parents[1] / "workflow/rules"
    asked = [line.strip() for file in rules.glob("*.smk") for line in file.read_text().splitlines()]
    asked = [line for line in asked if line.startswith(("mem_mb=", "runtime="))]
    assert len(asked) > 40
    assert [line for line in asked if "=grow(" not in line] == []


def test_slurm_is_asked_only_where_the_study_has_run_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    layout = Layout(tmp_path / "results/smoke")
    assert orphans(layout) == {}
    log(tmp_path, "smoker")  # another study, whose name begins alike
    log(tmp_path, "smoke", run="")  # this one, on this machine
    refuse_orphans(layout)
    assert cancel(layout) == 0
    log(tmp_path, "smoke")
    with pytest.raises(InputError, match="squeue does not answer"):
        refuse_orphans(layout)


def test_a_killed_run_resumes_only_as_it_was(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "results/smoke")
    code = {"train": "a", "laws": "b"}
    begin_record(layout, "study: smoke", code)
    begin_record(layout, "study: smoke", dict(reversed(code.items())))  # killed, and started again
    for study, now in (("study: other", code), ("study: smoke", code | {"laws": "c"})):
        with pytest.raises(InputError, match="a run on the cluster was killed, and the study or the code has changed"):
            begin_record(layout, study, now)
    end_record(layout)
    begin_record(layout, "study: other", code)
    end_record(layout)
    end_record(layout)
    assert list(layout.root.iterdir()) == []
