# From shards to the pools: ingest by batch of shards, then passes over fixed ranges of uids, shared out among jobs.
# One rule a job: what a job writes depends on its share, which no wildcard can say. A shell line is read when its job
# runs, after the loops: what differs between jobs stands in params.
from curation_scaling.study.shard_plan import BUCKETS, is_remote


include: "shards_common.smk"


for i, shard in enumerate(PLAN.generated):

    rule:
        name:
            f"generate_{i}"
        output:
            shard,
        log:
            f"{LOGS}/shards/generate-{i}.log",
        benchmark:
            f"{LOGS}/shards/generate-{i}.benchmark.tsv"
        group:
            "generate"
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(2000),
            runtime=grow(10),
        params:
            job=f"--shard {i}",
            settings=keys("shards-generate", shard=i),
            code=code("shards-generate"),
        shell:
            command("shards-generate") + " {params.job} 2> {log}"


for table, batches in [(table, PLAN.batches(table)) for table in PLAN.tables]:
    for b, shards in enumerate(batches):

        rule:
            name:
                f"ingest_{table}_{b}"
            input:
                [] if is_remote(shards[0]) else shards,
                SHARD_LISTS,
                fetched=fetched(shards),
            output:
                temp(WORK.run(table, b)),
                WORK.read(table, b),
            log:
                f"{LOGS}/shards/ingest-{table}-{b}.log",
            benchmark:
                f"{LOGS}/shards/ingest-{table}-{b}.benchmark.tsv"
            group:
                PASSES
            conda:
                "../envs/curation-scaling.yaml"
            resources:
                mem_mb=grow(PLAN.memory),
                runtime=grow(PLAN.minutes),
            params:
                job=f"--table {table} --batch {b}",
                fetched="--shards" if is_remote(shards[0]) else "",
                settings=keys("shards-ingest", table=table, batch=b),
                code=code("shards-ingest"),
            shell:
                command("shards-ingest") + " {params.job} {params.fetched} {input.fetched:q} 2> {log}"


for b in BATCHES:

    rule:
        name:
            f"merge_{b}"
        input:
            [WORK.run(t, i) for t in PLAN.tables for i in range(len(PLAN.batches(t)))],
            [WORK.read(t, i) for t in PLAN.tables for i in range(len(PLAN.batches(t)))],
        output:
            [(WORK.merged if PLAN.two_steps else WORK.scored)(part) for part in PLAN.ranges[b]],
            [WORK.contents(b)] if PLAN.source.content else [],
            WORK.merged_counts(b),
        log:
            f"{LOGS}/shards/merge-{b}.log",
        benchmark:
            f"{LOGS}/shards/merge-{b}.benchmark.tsv"
        group:
            PASSES
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(PLAN.memory),
            runtime=grow(PLAN.minutes),
        params:
            job=f"--batch {b}",
            settings=keys("shards-merge", batch=b),
            code=code("shards-merge"),
        shell:
            command("shards-merge") + " {params.job} 2> {log}"

    for selection in [BUCKETS, *(f.name for f in PLAN.top_filters)]:
        for level in range(PLAN.levels_apart(selection)):

            rule:
                name:
                    f"level_{selection}_{level}_{b}"
                input:
                    [(WORK.scored if selection == BUCKETS else WORK.merged)(part) for part in PLAN.ranges[b]],
                    levels(selection, level),
                output:
                    WORK.level(selection, level, b),
                log:
                    f"{LOGS}/shards/level-{selection}-{level}-{b}.log",
                benchmark:
                    f"{LOGS}/shards/level-{selection}-{level}-{b}.benchmark.tsv"
                group:
                    PASSES
                conda:
                    "../envs/curation-scaling.yaml"
                resources:
                    mem_mb=grow(PLAN.memory),
                    runtime=grow(PLAN.minutes),
                params:
                    job=f"--select {selection} --level {level} --batch {b}",
                    settings=keys("shards-level", select=selection, level=level, batch=b),
                    code=code("shards-level"),
                shell:
                    command("shards-level") + " {params.job} 2> {log}"

    if PLAN.source.content:

        rule:
            name:
                f"repeats_{b}"
            input:
                [WORK.contents(i) for i in BATCHES],
            output:
                WORK.repeats(b),
            log:
                f"{LOGS}/shards/repeats-{b}.log",
            benchmark:
                f"{LOGS}/shards/repeats-{b}.benchmark.tsv"
            group:
                PASSES
            conda:
                "../envs/curation-scaling.yaml"
            resources:
                mem_mb=grow(PLAN.memory),
                runtime=grow(PLAN.minutes),
            params:
                job=f"--batch {b}",
                settings=keys("shards-repeats", batch=b),
                code=code("shards-repeats"),
            shell:
                command("shards-repeats") + " {params.job} 2> {log}"

    if PLAN.two_steps:

        rule:
            name:
                f"score_{b}"
            input:
                [WORK.merged(part) for part in PLAN.ranges[b]],
                [path for f in PLAN.top_filters for path in levels(f.name, PLAN.levels(f.name))],
                [WORK.repeats(i) for i in BATCHES] if PLAN.source.content else [],
                [WORK.ranks(score) for score in PLAN.ranked],
            output:
                [WORK.scored(part) for part in PLAN.ranges[b]],
                WORK.scored_counts(b),
            log:
                f"{LOGS}/shards/score-{b}.log",
            benchmark:
                f"{LOGS}/shards/score-{b}.benchmark.tsv"
            group:
                PASSES
            conda:
                "../envs/curation-scaling.yaml"
            resources:
                mem_mb=grow(PLAN.memory),
                runtime=grow(PLAN.minutes),
            params:
                job=f"--batch {b}",
                settings=keys("shards-score", batch=b),
                code=code("shards-score"),
            shell:
                command("shards-score") + " {params.job} 2> {log}"

    rule:
        name:
            f"cut_{b}"
        input:
            [WORK.scored(part) for part in PLAN.ranges[b]],
            levels(BUCKETS, PLAN.levels_apart(BUCKETS)),
            [WORK.read(t, i) for t in PLAN.tables for i in range(len(PLAN.batches(t)))],
        output:
            [PATHS.part(name, part) for name in STUDY.pools.bucket_names for part in PLAN.ranges[b]],
            WORK.tally(b),
            levels(BUCKETS, PLAN.levels(BUCKETS)) if PLAN.at_once else [],
            [PATHS.whole_subset(n) for n in STUDY.pools.bucket_names if PLAN.at_once and PLAN.source.subset_files],
        log:
            f"{LOGS}/shards/cut-{b}.log",
        benchmark:
            f"{LOGS}/shards/cut-{b}.benchmark.tsv"
        group:
            PASSES
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(PLAN.cut_memory),
            runtime=grow(PLAN.minutes),
        params:
            job=f"--batch {b}",
            settings=keys("shards-cut", batch=b),
            code=code("shards-cut"),
        shell:
            command("shards-cut") + " {params.job} 2> {log}"

    for pool, members in STUDY.pools.joined.items():

        rule:
            name:
                f"join_{pool}_{b}"
            input:
                [PATHS.part(member, part) for member in members for part in PLAN.ranges[b]],
            output:
                [PATHS.part(pool, part) for part in PLAN.ranges[b]],
            log:
                f"{LOGS}/shards/join-{pool}-{b}.log",
            benchmark:
                f"{LOGS}/shards/join-{pool}-{b}.benchmark.tsv"
            group:
                PASSES
            conda:
                "../envs/curation-scaling.yaml"
            resources:
                mem_mb=grow(PLAN.memory),
                runtime=grow(PLAN.minutes),
            params:
                job=f"--pool {pool} --batch {b}",
                settings=keys("shards-join", pool=pool, batch=b),
                code=code("shards-join"),
            shell:
                command("shards-join") + " {params.job} 2> {log}"


for score in PLAN.ranked:

    rule:
        name:
            f"ranks_{score}"
        input:
            [WORK.merged(part) for part in range(PLAN.parts)],
        output:
            WORK.ranks(score),
        log:
            f"{LOGS}/shards/ranks-{score}.log",
        benchmark:
            f"{LOGS}/shards/ranks-{score}.benchmark.tsv"
        group:
            PASSES
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(2 * PLAN.memory),
            runtime=grow(PLAN.minutes),
        params:
            job=f"--score {score}",
            settings=keys("shards-ranks", score=score),
            code=code("shards-ranks"),
        shell:
            command("shards-ranks") + " {params.job} 2> {log}"


for pool, subset in STUDY.pools.subsets.items():

    rule:
        name:
            f"subset_{pool}"
        input:
            [PATHS.part(subset.of, part) for part in range(PLAN.parts)],
        output:
            [PATHS.part(pool, part) for part in range(PLAN.parts)],
        log:
            f"{LOGS}/shards/subset-{pool}.log",
        benchmark:
            f"{LOGS}/shards/subset-{pool}.benchmark.tsv"
        group:
            PASSES
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(PLAN.memory),
            runtime=grow(PLAN.minutes),
        params:
            job=f"--pool {pool}",
            settings=keys("shards-subset", pool=pool),
            code=code("shards-subset"),
        shell:
            command("shards-subset") + " {params.job} 2> {log}"


for pool, names in PLAN.pool_batches.items():

    rule:
        name:
            f"uids_{pool}"
        input:
            [PATHS.part(name, part) for name in names for part in range(PLAN.parts)],
        output:
            [PATHS.whole_subset(name) for name in names],
        log:
            f"{LOGS}/shards/uids-{pool}.log",
        benchmark:
            f"{LOGS}/shards/uids-{pool}.benchmark.tsv"
        group:
            PASSES
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(1000),
            runtime=grow(PLAN.minutes),
        params:
            job=f"--pool {pool}",
            settings=keys("shards-uids", pool=pool),
            code=code("shards-uids"),
        shell:
            command("shards-uids") + " {params.job} 2> {log}"


rule shards_summary:
    input:
        [WORK.read("rows", i) for i in range(len(PLAN.batches("rows")))],
        [WORK.merged_counts(b) for b in BATCHES],
        [WORK.scored_counts(b) for b in BATCHES] if PLAN.two_steps else [],
        levels(BUCKETS, PLAN.levels(BUCKETS) if STUDY.pools.within_group else 1),
        [WORK.tally(b) for b in BATCHES],
    output:
        PATHS.edges,
        PATHS.summary,
        PATHS.histogram,
        PATHS.ledger,
        [PATHS.group_edges] if STUDY.pools.within_group else [],
    log:
        f"{LOGS}/shards/summary.log",
    benchmark:
        f"{LOGS}/shards/summary.benchmark.tsv"
    localrule: True
    conda:
        "../envs/curation-scaling.yaml"
    params:
        settings=keys("shards-summary"),
        code=code("shards-summary"),
    shell:
        command("shards-summary") + " 2> {log}"
