# The frontier: every pool at every budget, and where the best one changes.
rule frontier:
    input:
        PATHS.runs,
        PATHS.law("fits"),
        PATHS.law("draws"),
        PATHS.law("comparison"),
        PATHS.law("predictions"),
    output:
        PATHS.frontier,
        PATHS.switches,
        PATHS.beyond_all,
    log:
        f"{LOGS}/frontier.log",
    benchmark:
        f"{LOGS}/frontier.benchmark.tsv"
    group:
        "answer"
    conda:
        "../envs/curation-scaling.yaml"
    resources:
        mem_mb=grow(2000),
        runtime=grow(60),
    params:
        settings=settings("frontier"),
        code=code("frontier"),
    shell:
        command("frontier") + " 2> {log}"


if STUDY.published:

    rule published:
        input:
            PATHS.runs,
            [PATHS.law(name) for name in ("fits", "draws", "predictions", "comparison")],
        output:
            [PATHS.law(name) for name in ("reproduction", "printed")],
        log:
            f"{LOGS}/published.log",
        benchmark:
            f"{LOGS}/published.benchmark.tsv"
        group:
            "answer"
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(2000),
            runtime=grow(30),
        params:
            settings=settings("published"),
            code=code("published"),
        shell:
            command("published") + " 2> {log}"


# The answer at any budget, printed; nothing is fitted again.
rule advise:
    input:
        PATHS.runs,
        [PATHS.law(name) for name in ("fits", "draws", "comparison")],
    log:
        f"{LOGS}/advise.log",
    localrule: True
    conda:
        "../envs/curation-scaling.yaml"
    params:
        budgets=budgets,
    shell:
        command("advise", settings=False) + " {params.budgets} 2> {log}"
