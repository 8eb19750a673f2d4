# The report of a study that ends at its pools.
rule pool_report:
    input:
        PATHS.edges,
        PATHS.summary,
        SCORED,
        [PATHS.ledger] if SHARDS else [],
        [PATHS.group_edges] if SHARDS and STUDY.pools.within_group else [],
        notes_on_inputs(),
    output:
        report(PATHS.report, category="Report", caption="../report/pools.rst"),
        PATHS.answer,
        PATHS.provenance,
        *figures(),
    log:
        f"{LOGS}/pool-report.log",
    benchmark:
        f"{LOGS}/pool-report.benchmark.tsv"
    conda:
        "../envs/curation-scaling.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        settings=settings("pool-report"),
        code=code("pool-report"),
    shell:
        command("pool-report") + " 2> {log}"
