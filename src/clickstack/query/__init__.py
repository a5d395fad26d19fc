"""Meaning → SQL → rows → shape.

Enters: chart configs, sources, filters in Lucene or SQL, time ranges. Leaves: points of charts, rows of searches,
plain-English explanations; BadQuery with the place of the fault. Compiling is pure; `Runner` and `Search` ask the
store and block their thread.

User text becomes SQL in two ways only: as bound parameters and column names that exist (lucene/), or as an expression
that `usersql` has checked. What people wrote reaches the tables of their team's sources and no others (`Reader`). Every
query runs on a read-only connection.

Do not add here: HTTP, teams, who may see what (sources arrive as values that belong to the caller).
"""

from .accelerate import Acceleration
from .histogram import Histogram, histogram
from .lucene import explain
from .print_chart import compiled_text, lucene_chart, result_text
from .reader import Reader
from .run import ChartResult, Runner, source_fields
from .search import Search, SearchConfig, SearchPage, Surroundings
from .shape import Point, SeriesRow, merge_series, ratio

__all__ = [
    "Acceleration",
    "ChartResult",
    "Histogram",
    "Point",
    "Reader",
    "Runner",
    "Search",
    "SearchConfig",
    "SearchPage",
    "SeriesRow",
    "Surroundings",
    "compiled_text",
    "explain",
    "histogram",
    "lucene_chart",
    "merge_series",
    "ratio",
    "result_text",
    "source_fields",
]
