# Sources seen only in part: what they reveal, trainings on mixtures, transport, laws of the weights, and a choice.
SOURCES = STUDY.sources
MIXED_RUNS = [PATHS.source_runs(*job) for job in SOURCES.jobs] or [PATHS.source_runs("imported", 0)]
CHOICE_RUNS = [PATHS.source_runs("choice", seed) for seed in SOURCES.choice_seeds]
SOURCE_FILES = [path_of(STUDY, file) for file in SOURCES.files]


rule sources:
    input:
        SOURCE_FILES,
    output:
        PATHS.source("samples"),
        PATHS.source("counts"),
    log:
        f"{LOGS}/sources.log",
    benchmark:
        f"{LOGS}/sources.benchmark.tsv"
    conda:
        "../envs/curation-scaling.yaml"
    resources:
        mem_mb=grow(3000),
        runtime=grow(30),
    params:
        settings=settings("sources"),
        code=code("sources"),
    shell:
        command("sources") + " 2> {log}"


if SOURCES.jobs:

    rule source_runs:
        input:
            PATHS.source("samples"),
        output:
            PATHS.source_runs("{size}", "{seed}"),
        log:
            f"{LOGS}/source-runs/{{size}}.{{seed}}.log",
        benchmark:
            f"{LOGS}/source-runs/{{size}}.{{seed}}.benchmark.tsv"
        priority: 10
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(1000),
            runtime=grow(60),
        params:
            settings=settings("source-runs"),
            code=code("source-runs"),
        shell:
            command("source-runs") + " --size {wildcards.size} --seed {wildcards.seed} 2> {log}"

else:

    rule source_import:
        input:
            SOURCE_FILES,
        output:
            MIXED_RUNS,
        log:
            f"{LOGS}/source-import.log",
        benchmark:
            f"{LOGS}/source-import.benchmark.tsv"
        localrule: True
        conda:
            "../envs/curation-scaling.yaml"
        params:
            settings=settings("source-import"),
            code=code("source-import"),
        shell:
            command("source-import") + " 2> {log}"


rule source_distances:
    input:
        SOURCE_FILES,
        PATHS.source("samples"),
    output:
        PATHS.source("distances"),
    log:
        f"{LOGS}/source-distances.log",
    benchmark:
        f"{LOGS}/source-distances.benchmark.tsv"
    priority: 10
    conda:
        "../envs/curation-scaling.yaml"
    resources:
        mem_mb=grow(2000),
        runtime=grow(60),
    params:
        settings=settings("source-distances"),
        code=code("source-distances"),
    shell:
        command("source-distances") + " 2> {log}"


rule source_laws:
    input:
        PATHS.source("distances"),
        MIXED_RUNS,
    output:
        [PATHS.source(name) for name in ("coefficients", "predictions", "errors")],
    log:
        f"{LOGS}/source-laws.log",
    benchmark:
        f"{LOGS}/source-laws.benchmark.tsv"
    conda:
        "../envs/curation-scaling.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(30),
    params:
        settings=settings("source-laws"),
        code=code("source-laws"),
    shell:
        command("source-laws") + " 2> {log}"


rule source_weights:
    input:
        PATHS.source("samples"),
        PATHS.source("distances"),
        MIXED_RUNS,
    output:
        PATHS.source("weights"),
    log:
        f"{LOGS}/source-weights.log",
    benchmark:
        f"{LOGS}/source-weights.benchmark.tsv"
    conda:
        "../envs/curation-scaling.yaml"
    resources:
        mem_mb=grow(2000),
        runtime=grow(60),
    params:
        settings=settings("source-weights"),
        code=code("source-weights"),
    shell:
        command("source-weights") + " 2> {log}"


if CHOICE_RUNS:

    rule source_choice_runs:
        input:
            PATHS.source("samples"),
            PATHS.source("weights"),
        output:
            PATHS.source_runs("choice", "{seed}"),
        log:
            f"{LOGS}/source-choice-runs/{{seed}}.log",
        benchmark:
            f"{LOGS}/source-choice-runs/{{seed}}.benchmark.tsv"
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(1000),
            runtime=grow(60),
        params:
            settings=settings("source-choice-runs"),
            code=code("source-choice-runs"),
        shell:
            command("source-choice-runs") + " --seed {wildcards.seed} 2> {log}"


rule source_choices:
    input:
        PATHS.source("weights"),
        MIXED_RUNS,
        CHOICE_RUNS,
    output:
        PATHS.source("choices"),
        PATHS.runs,
    log:
        f"{LOGS}/source-choices.log",
    benchmark:
        f"{LOGS}/source-choices.benchmark.tsv"
    localrule: True
    conda:
        "../envs/curation-scaling.yaml"
    params:
        settings=settings("source-choices"),
        code=code("source-choices"),
    shell:
        command("source-choices") + " 2> {log}"
