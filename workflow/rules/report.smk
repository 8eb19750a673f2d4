# The report: one self-contained page, and the answer in words.
rule report:
    input:
        PATHS.runs,
        PATHS.utility,
        PATHS.frontier,
        PATHS.switches,
        PATHS.beyond_all,
        [PATHS.edges, PATHS.summary, *SCORED] if POOLS else [],
        notes_on_inputs(),
        [PATHS.law(name) for name in ("reproduction", "printed")] if STUDY.published else [],
        [PATHS.regime(name) for name in ("dimension", "verdicts")] if STUDY.regimes else [],
        [
            PATHS.law(name)
            for name in (
                "fits",
                "draws",
                "predictions",
                "mixtures",
                "holdout",
                "comparison",
                "diagnostics",
                "profiles",
                *(("noise", "signal") if STUDY.laws.noise else ()),
            )
        ],
        [PATHS.law("checkpoints")] if STUDY.laws.annealing else [],
        (
            [
                *(PATHS.ranking(name) for name in ("correlation", "reliability", "overlap", "skew")),
                *(PATHS.pruning(name) for name in ("curves", "fits", "envelope", "exponents", "frontier", "switches")),
            ]
            if STUDY.pruning
            else []
        ),
    output:
        report(PATHS.report, category="Report", caption="../report/report.rst"),
        PATHS.answer,
        PATHS.provenance,
        *figures(),
    log:
        f"{LOGS}/report.log",
    benchmark:
        f"{LOGS}/report.benchmark.tsv"
    group:
        "answer"
    conda:
        "../envs/curation-scaling.yaml"
    resources:
        mem_mb=grow(2000),
        runtime=grow(30),
    params:
        settings=settings("report"),
        code=code("report"),
    shell:
        command("report") + " 2> {log}"
