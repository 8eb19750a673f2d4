"""Drafts of study files, written from the columns of the data that they are about."""

from curation_scaling.draft.new import KINDS, Draft, draft_study, write_draft

__all__ = ["KINDS", "Draft", "draft_study", "write_draft"]
