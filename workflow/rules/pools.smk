# From the source to the pools: samples, buckets of each draw, unions, and what became of every row.
if POOLS and not SHARDS:

    rule samples:
        input:
            DATA_FILES,
        output:
            PATHS.samples,
            PATHS.source_counts,
        log:
            f"{LOGS}/samples.log",
        benchmark:
            f"{LOGS}/samples.benchmark.tsv"
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(2000),
            runtime=grow(60),
        params:
            settings=settings("samples"),
            code=code("samples"),
        shell:
            command("samples") + " 2> {log}"

    rule buckets:
        input:
            PATHS.samples,
            PATHS.source_counts,
        output:
            [PATHS.pool(name, "{draw}") for name in STUDY.pools.bucket_names],
            [PATHS.subset(name, "{draw}") for name in STUDY.pools.bucket_names],
            PATHS.edges_of("{draw}"),
            PATHS.summary_of("{draw}"),
        log:
            f"{LOGS}/buckets/{{draw}}.log",
        benchmark:
            f"{LOGS}/buckets/{{draw}}.benchmark.tsv"
        group:
            "pools"
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(2000),
            runtime=grow(30),
        params:
            settings=settings("buckets"),
            code=code("buckets"),
        shell:
            command("buckets") + " --draw {wildcards.draw} 2> {log}"

    if STUDY.pools.pruned:

        rule pruned:
            input:
                PATHS.samples,
                [PATHS.pool(name, "{draw}") for name in STUDY.pools.bucket_names],
                DATA_FILES,
            output:
                [PATHS.pool(name, "{draw}") for name in STUDY.pools.pruned],
                [PATHS.subset(name, "{draw}") for name in STUDY.pools.pruned],
            log:
                f"{LOGS}/pruned/{{draw}}.log",
            benchmark:
                f"{LOGS}/pruned/{{draw}}.benchmark.tsv"
            conda:
                "../envs/curation-scaling.yaml"
            resources:
                mem_mb=grow(3000),
                runtime=grow(120),
            params:
                settings=settings("pruned"),
                code=code("pruned"),
            shell:
                command("pruned") + " --draw {wildcards.draw} 2> {log}"

    rule pools:
        input:
            [PATHS.edges_of(draw) for draw in range(STUDY.pools.draws)],
            [PATHS.summary_of(draw) for draw in range(STUDY.pools.draws)],
        output:
            PATHS.edges,
            PATHS.summary,
        log:
            f"{LOGS}/pools.log",
        benchmark:
            f"{LOGS}/pools.benchmark.tsv"
        localrule: True
        conda:
            "../envs/curation-scaling.yaml"
        params:
            settings=settings("pools"),
            code=code("pools"),
        shell:
            command("pools") + " 2> {log}"


if POOLS and STUDY.pools.unions and not SHARDS:

    rule union:
        input:
            lambda wildcards: [PATHS.pool(member, wildcards.draw) for member in POOLS[wildcards.pool]],
        output:
            PATHS.pool("{pool}", "{draw}"),
            PATHS.subset("{pool}", "{draw}"),
        log:
            f"{LOGS}/union/{{pool}}.{{draw}}.log",
        benchmark:
            f"{LOGS}/union/{{pool}}.{{draw}}.benchmark.tsv"
        wildcard_constraints:
            pool="|".join(STUDY.pools.unions),
        group:
            "pools"
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(1000),
            runtime=grow(10),
        params:
            settings=settings("union"),
            code=code("union"),
        shell:
            command("union") + " --pool {wildcards.pool} --draw {wildcards.draw} 2> {log}"
