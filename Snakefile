# The way in: `snakemake --cores N [--configfile config/studies/<study>.yaml]`.
include: "workflow/Snakefile"


workflow.default_target = "all"
