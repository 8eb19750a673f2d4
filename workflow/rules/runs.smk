# Runs: one training job each, or results of trainings done elsewhere.
TRAINER = STUDY.runs.trainer if run_identities(STUDY) else None
COMMAND = TRAINER if TRAINER is not None and TRAINER.kind == "command" else None

if TRAINER is not None:

    rule train:
        input:
            lambda wildcards: (
                [
                    *([PATHS.edges] if SHARDS else [PATHS.pool(m, wildcards.draw) for m in POOLS[wildcards.pool]]),
                    *(pool_files(wildcards.pool, wildcards.draw) if COMMAND else [PATHS.samples]),
                    *(COMMAND.inputs if COMMAND else []),
                ]
            ),
        output:
            PATHS.run("{pool}", "{draw}", "{seed}"),
        log:
            f"{LOGS}/train/{{pool}}.{{draw}}.{{seed}}.log",
        benchmark:
            f"{LOGS}/train/{{pool}}.{{draw}}.{{seed}}.benchmark.tsv"
        # Before the trainings on pruned pools, so that laws are fitted beside those.
        priority: 5
        group:
            # A command may run for days: its trainings stay submissions of their own.
            None if COMMAND else "train"
        conda:
            "../envs/curation-scaling.yaml"
        threads: COMMAND.cpus if COMMAND else 1
        resources:
            **({"gpu": COMMAND.gpus} if COMMAND and COMMAND.gpus else {}),
            mem_mb=grow(COMMAND.mem_mb if COMMAND else 1000),
            runtime=grow(COMMAND.minutes if COMMAND else 15),
        params:
            settings=settings("train"),
            code=code("train"),
        shell:
            command("train") + " --pool {wildcards.pool} --draw {wildcards.draw} --seed {wildcards.seed} 2> {log}"


rule runs:
    input:
        [PATHS.run(*identity) for identity in run_identities(STUDY)] or DATA_FILES,
    output:
        PATHS.runs,
    log:
        f"{LOGS}/runs.log",
    benchmark:
        f"{LOGS}/runs.benchmark.tsv"
    localrule: True
    conda:
        "../envs/curation-scaling.yaml"
    params:
        settings=settings("runs"),
        code=code("runs"),
    shell:
        command("runs") + " 2> {log}"
