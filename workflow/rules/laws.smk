# Laws: fitted to the single buckets, and judged on the mixtures and on held-out runs.
rule laws:
    input:
        PATHS.runs,
    output:
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
        PATHS.utility,
    log:
        f"{LOGS}/laws.log",
    benchmark:
        f"{LOGS}/laws.benchmark.tsv"
    conda:
        "../envs/curation-scaling.yaml"
    resources:
        mem_mb=grow(2000),
        runtime=grow(60),
    params:
        settings=settings("laws"),
        code=code("laws"),
    shell:
        command("laws") + " 2> {log}"


# Regimes: the dimension of each pool's samples, and what limits its learning curve.
if STUDY.regimes:

    rule regimes:
        input:
            PATHS.samples,
            [PATHS.pool(name, 0) for name in STUDY.pools.fitted_names],
            [path_of(STUDY, STUDY.regimes.embeddings)] if STUDY.regimes.embeddings else [],
            PATHS.runs,
            PATHS.utility,
            [PATHS.law(name) for name in ("fits", "draws", "comparison", "predictions")],
        output:
            PATHS.regime("dimension"),
            PATHS.regime("verdicts"),
        log:
            f"{LOGS}/regimes.log",
        benchmark:
            f"{LOGS}/regimes.benchmark.tsv"
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(2000),
            runtime=grow(30),
        params:
            settings=settings("regimes"),
            code=code("regimes"),
        shell:
            command("regimes") + " 2> {log}"
