# A rerun: published runs, scores and theory, a paper's fits made again, and its numbers compared.
RECIPE = ("recipe", "recipe_levels", "recipe_trajectories")
DIVERSITY = ("diversity", "diversity_cells", "diversity_balance")
DOMAINS = ("domains", "domain_fractions", "domain_losses", "domain_choice")
RANKINGS = [PATHS.ranking(name) for name in ("scores", "correlation", "reliability", "overlap", "skew")]
SOURCE_TABLES = ("counts", "distances", "coefficients", "predictions", "errors", "weights", "choices")
SELECTORS = [PATHS.law(name) for name in ("selectors", "selector_budgets", "selector_ratios")]
COMPARED = [
    *([PATHS.points] if STUDY.point_tables else []),
    *(RANKINGS if STUDY.rankings else []),
    *([PATHS.pruning("theory")] if STUDY.theory else []),
    *([PATHS.law("mixing")] if STUDY.mixing else []),
    *([PATHS.source(n) for n in SOURCE_TABLES] if STUDY.sources else []),
    *(SELECTORS if STUDY.selectors else []),
    *([PATHS.law(name) for name in RECIPE] if STUDY.recipe else []),
    *([PATHS.law(name) for name in DIVERSITY] if STUDY.diversity else []),
    *([PATHS.law(name) for name in DOMAINS] if STUDY.domains else []),
    *([PATHS.regime("limits"), PATHS.regime("verdicts")] if STUDY.teacher_student else []),
]
TRAINED = [PATHS.training(name, draw) for name, draw in training_jobs(STUDY)]

if STUDY.sources:

    include: "sources.smk"


if STUDY.trainings:

    rule trainings_source:
        output:
            PATHS.samples,
            PATHS.source_counts,
        log:
            f"{LOGS}/trainings-source.log",
        benchmark:
            f"{LOGS}/trainings-source.benchmark.tsv"
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(2000),
            runtime=grow(60),
        params:
            settings=settings("trainings-source"),
            code=code("trainings-source"),
        shell:
            command("trainings-source") + " 2> {log}"

    rule trainings:
        input:
            PATHS.samples,
        output:
            PATHS.training("{set}", "{draw}"),
        log:
            f"{LOGS}/trainings/{{set}}.{{draw}}.log",
        benchmark:
            f"{LOGS}/trainings/{{set}}.{{draw}}.benchmark.tsv"
        wildcard_constraints:
            set="|".join(one.name for one in STUDY.trainings.sets),
        group:
            "train"
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(1000),
            runtime=grow(60),
        params:
            settings=settings("trainings"),
            code=code("trainings"),
        shell:
            command("trainings") + " --set {wildcards.set} --draw {wildcards.draw} 2> {log}"


if STUDY.point_tables:

    rule points:
        input:
            [path for table in STUDY.tables for file in table.files for path in files_at(path_of(STUDY, file))],
            TRAINED,
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


if STUDY.rankings:

    rule published_scores:
        input:
            [path_of(STUDY, ranking.file) for ranking in STUDY.rankings],
        output:
            RANKINGS,
        log:
            f"{LOGS}/published-scores.log",
        benchmark:
            f"{LOGS}/published-scores.benchmark.tsv"
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(4000),
            runtime=grow(60),
        params:
            settings=settings("published-scores"),
            code=code("published-scores"),
        shell:
            command("published-scores") + " 2> {log}"


if STUDY.theory:

    rule theory:
        output:
            PATHS.pruning("theory"),
        log:
            f"{LOGS}/theory.log",
        benchmark:
            f"{LOGS}/theory.benchmark.tsv"
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(1000),
            runtime=grow(60),
        params:
            settings=settings("theory"),
            code=code("theory"),
        shell:
            command("theory") + " 2> {log}"


if STUDY.mixing:

    rule mixing:
        input:
            [path_of(STUDY, file) for file in STUDY.mixing.files],
        output:
            PATHS.law("mixing"),
        log:
            f"{LOGS}/mixing.log",
        benchmark:
            f"{LOGS}/mixing.benchmark.tsv"
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(2000),
            runtime=grow(30),
        params:
            settings=settings("mixing"),
            code=code("mixing"),
        shell:
            command("mixing") + " 2> {log}"


if STUDY.selectors:

    rule selectors:
        input:
            path_of(STUDY, STUDY.selectors.file),
        output:
            SELECTORS,
        log:
            f"{LOGS}/selectors.log",
        benchmark:
            f"{LOGS}/selectors.benchmark.tsv"
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(2000),
            runtime=grow(30),
        params:
            settings=settings("selectors"),
            code=code("selectors"),
        shell:
            command("selectors") + " 2> {log}"


if STUDY.recipe:

    rule recipe:
        input:
            PATHS.points,
        output:
            [PATHS.law(name) for name in RECIPE],
        log:
            f"{LOGS}/recipe.log",
        benchmark:
            f"{LOGS}/recipe.benchmark.tsv"
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(1000),
            runtime=grow(30),
        params:
            settings=settings("recipe"),
            code=code("recipe"),
        shell:
            command("recipe") + " 2> {log}"


if STUDY.diversity:

    rule diversity:
        input:
            PATHS.points,
        output:
            [PATHS.law(name) for name in DIVERSITY],
        log:
            f"{LOGS}/diversity.log",
        benchmark:
            f"{LOGS}/diversity.benchmark.tsv"
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(1000),
            runtime=grow(30),
        params:
            settings=settings("diversity"),
            code=code("diversity"),
        shell:
            command("diversity") + " 2> {log}"


if STUDY.domains:

    rule domains:
        input:
            PATHS.points,
        output:
            [PATHS.law(name) for name in DOMAINS],
        log:
            f"{LOGS}/domains.log",
        benchmark:
            f"{LOGS}/domains.benchmark.tsv"
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(1000),
            runtime=grow(30),
        params:
            settings=settings("domains"),
            code=code("domains"),
        shell:
            command("domains") + " 2> {log}"


if STUDY.teacher_student:

    rule teacher_student:
        output:
            PATHS.regime("limits"),
            PATHS.regime("verdicts"),
        log:
            f"{LOGS}/teacher-student.log",
        benchmark:
            f"{LOGS}/teacher-student.benchmark.tsv"
        conda:
            "../envs/curation-scaling.yaml"
        resources:
            mem_mb=grow(2000),
            runtime=grow(30),
        params:
            settings=settings("teacher-student"),
            code=code("teacher-student"),
        shell:
            command("teacher-student") + " 2> {log}"


rule reproduction:
    input:
        COMPARED,
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
        mem_mb=grow(2000),
        runtime=grow(60),
    params:
        settings=settings("reproduction"),
        code=code("reproduction"),
    shell:
        command("reproduction") + " 2> {log}"


rule reproduction_report:
    input:
        COMPARED,
        [PATHS.law(name) for name in ("fits", "holdout", "diagnostics", "reproduction")],
        PATHS.fits_text,
        [PATHS.source_counts] if STUDY.trainings else [],
    output:
        report(PATHS.report, category="Report", caption="../report/reproduction.rst"),
        PATHS.answer,
        PATHS.provenance,
        *figures(),
    log:
        f"{LOGS}/reproduction-report.log",
    benchmark:
        f"{LOGS}/reproduction-report.benchmark.tsv"
    conda:
        "../envs/curation-scaling.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        settings=settings("reproduction-report"),
        code=code("reproduction-report"),
    shell:
        command("reproduction-report") + " 2> {log}"
