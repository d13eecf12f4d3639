"""The report as one HTML file that needs no network."""

from pathlib import Path
from statistics import mean
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bench.report.sections import sections
from bench.report.table import remarks_of
from bench.report.verdict import verdicts
from bench.studies.report import Report

HERE: Final = Path(__file__).parent


def page(report: Report) -> str:
    """All of it."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").render(
        report=report,
        verdicts=verdicts(report),
        sections=sections(report),
        remarks=[one.removeprefix("- ") for one in remarks_of(report)],
        others=mean([row.others_share for row in report.rows] or [0.0]),
    )
