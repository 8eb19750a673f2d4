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
