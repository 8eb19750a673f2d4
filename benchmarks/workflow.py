"""How much of a study's wall time is the workflow's own: python benchmarks/workflow.py [config/studies/<study>.yaml].

Runs the study (default: the default study) in a new folder on two cores and watches Snakemake's child processes. The
floor is the time in which at least one job was running; the rest is Snakemake: start, planning, scheduling, records.
Prints wall time, the jobs' CPU time, Snakemake's own CPU time, and the share of the wall time with no job running.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
INTERVAL = 0.02  # seconds between looks at the process tree


def main() -> None:
    study = sys.argv[1:2]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "2"]
        command += ["--workflow-profile", str(ROOT / "profiles/default"), "--directory", folder]
        command += [word for path in study for word in ("--configfile", str(Path(path).resolve()))]
        start, busy, own, looks = time.perf_counter(), 0, 0.0, 0
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                times = watched.cpu_times()
                own = times.user + times.system
                busy += any(
                    "curation_scaling" in " ".join(child.cmdline()) for child in watched.children(recursive=True)
                )
            except psutil.Error:
                pass  # a process ended between the list and the look
            looks += 1
            time.sleep(INTERVAL)
        wall = time.perf_counter() - start
        if process.returncode != 0:
            raise SystemExit(f"Snakemake ended with exit code {process.returncode}")
        tables = list((Path(folder) / "logs").rglob("*.benchmark.tsv"))
        jobs = [float(path.read_text().splitlines()[1].split("\t")[0]) for path in tables]
    print(f"wall time                       {wall:8.1f} s")
    print(
        f"jobs                            {len(jobs):8d}, {sum(jobs):.1f} s in all, {sum(jobs) / 2:.1f} s on two cores"
    )
    print(f"Snakemake's own CPU time        {own:8.1f} s")
    print(f"no job running                  {1 - busy / looks:8.1%} of the wall time")


if __name__ == "__main__":
    main()
