# Pruning: a second, labelled task, whose samples are ranked; pruned pools of it, trained on and compared.
RANKED = [PATHS.ranking(name) for name in ("dynamics", "scores", "correlation", "reliability", "overlap", "skew")]
PRUNED = [PATHS.pruning(name) for name in ("runs", "curves", "fits", "exponents", "envelope", "frontier", "switches")]


rule task:
    output:
        PATHS.ranking("task"),
    log:
        f"{LOGS}/task.log",
    benchmark:
        f"{LOGS}/task.benchmark.tsv"
    priority: 10
    conda:
        "../envs/curation-scaling.yaml"
    resources:
        mem_mb=grow(3000),
        runtime=grow(60),
    params:
        settings=settings("task"),
        code=code("task"),
    shell:
        command("task") + " 2> {log}"


rule rank:
    input:
        PATHS.ranking("task"),
    output:
        RANKED,
    log:
        f"{LOGS}/rank.log",
    benchmark:
        f"{LOGS}/rank.benchmark.tsv"
    priority: 10
    conda:
        "../envs/curation-scaling.yaml"
    resources:
        mem_mb=grow(4000),
        runtime=grow(120),
    params:
        settings=settings("rank"),
        code=code("rank"),
    shell:
        command("rank") + " 2> {log}"


for size in STUDY.pruning.sizes:

    rule:
        name:
            f"prune_{size}"
        input:
            PATHS.ranking("task"),
            PATHS.ranking("scores"),
        output:
            [PATHS.pool(cell.pool, "{draw}") for cell in cells_of(STUDY.pruning, size)],
            [PATHS.subset(cell.pool, "{draw}") for cell in cells_of(STUDY.pruning, size)],
        log:
            f"{LOGS}/prune/{{draw}}.{size}.log",
        benchmark:
            f"{LOGS}/prune/{{draw}}.{size}.benchmark.tsv"
        group:
            "prune"
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(3000),
            runtime=grow(30),
        params:
            settings=settings("prune", size=size),
            size=size,  # what a shell line reads itself is what the loop left behind
            code=code("prune"),
        shell:
            command("prune") + " --draw {wildcards.draw} --size {params.size} 2> {log}"


rule prune_train:
    input:
        PATHS.ranking("task"),
        lambda wildcards: [PATHS.pool(pool, wildcards.draw) for pool in cells(wildcards)],
    output:
        PATHS.pruned_runs("{draw}", "{size}"),
    log:
        f"{LOGS}/prune-train/{{draw}}.{{size}}.log",
    benchmark:
        f"{LOGS}/prune-train/{{draw}}.{{size}}.benchmark.tsv"
    group:
        "prune"
    conda:
        "../envs/curation-scaling.yaml"
    resources:
        mem_mb=grow(2000),
        runtime=grow(60),
    params:
        settings=settings("prune-train"),
        code=code("prune-train"),
    shell:
        command("prune-train") + " --draw {wildcards.draw} --size {wildcards.size} 2> {log}"


rule pruning:
    input:
        [PATHS.pruned_runs(*job) for job in STUDY.pruning.jobs],
    output:
        PRUNED,
    log:
        f"{LOGS}/pruning.log",
    benchmark:
        f"{LOGS}/pruning.benchmark.tsv"
    conda:
        "../envs/curation-scaling.yaml"
    resources:
        mem_mb=grow(2000),
        runtime=grow(60),
    params:
        settings=settings("pruning"),
        code=code("pruning"),
    shell:
        command("pruning") + " 2> {log}"
