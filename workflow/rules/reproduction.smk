# A rerun: published runs, a paper's fits made again, and its numbers compared.
rule points:
    input:
        DATA_FILES,
    output:
        PATHS.points,
    log:
        f"{LOGS}/points.log",
    benchmark:
        f"{LOGS}/points.benchmark.tsv"
    localrule: True
    conda:
        "../envs/curation-scaling.yaml"
    params:
        settings=settings("points"),
        code=code("points"),
    shell:
        command("points") + " 2> {log}"


rule reproduction:
    input:
        PATHS.points,
    output:
        [PATHS.law(name) for name in ("fits", "holdout", "diagnostics", "reproduction")],
        PATHS.fits_text,
    log:
        f"{LOGS}/reproduction.log",
    benchmark:
        f"{LOGS}/reproduction.benchmark.tsv"
    conda:
        "../envs/curation-scaling.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        settings=settings("reproduction"),
        code=code("reproduction"),
    shell:
        command("reproduction") + " 2> {log}"


rule reproduction_report:
    input:
        PATHS.points,
        [PATHS.law(name) for name in ("fits", "holdout", "diagnostics", "reproduction")],
        PATHS.fits_text,
    output:
        report(PATHS.report, category="Report", caption="../report/reproduction.rst"),
        PATHS.answer,
    log:
        f"{LOGS}/reproduction-report.log",
    benchmark:
        f"{LOGS}/reproduction-report.benchmark.tsv"
    conda:
        "../envs/curation-scaling.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        settings=settings("reproduction-report"),
        code=code("reproduction-report"),
    shell:
        command("reproduction-report") + " 2> {log}"
