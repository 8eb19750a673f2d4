"""Finished studies, built once for all tests of the report."""

import pytest
from report_data import finish_imported, finish_trained, layout_in, trained_study

from curation_scaling.layout import Layout
from curation_scaling.report.results import Results, read_results
from curation_scaling.study import Study


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Layout]:
    study = trained_study()
    layout = layout_in(tmp_path_factory.mktemp("trained"), study.study)
    finish_trained(study, layout)
    return study, layout


@pytest.fixture(scope="session")
def trained_results(trained: tuple[Study, Layout]) -> Results:
    return read_results(*trained)


@pytest.fixture(scope="session")
def imported_results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    layout = layout_in(tmp_path_factory.mktemp("imported"), "declared")
    return read_results(finish_imported(layout), layout)
