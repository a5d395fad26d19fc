"""Raw SQL charts: whole statements written by people.

Enters: a statement with macros, parameters, variables and filters, the time range, the sources of the caller's team.
Leaves: rows and what the display draws of them, or the list of what is wrong. A statement runs on the untrusted pool
only, after `reach` has found in the engine's own syntax tree nothing but allowed functions and the team's own tables.

Do not add here: charts that are built of fields (they are compiled next door), HTTP, how dashboards are kept.
"""

from ..reach import Reach, tables_of
from .chart import Issue, RawChart, RawResult, RawSlice
from .expand import expand_text
from .filters import FilterSelection, filter_condition
from .macros import MACROS, PARAMETERS, MacroContext
from .run import RawRunner
from .variables import FORMATS, Variable, expand_lucene, variable_name

__all__ = [
    "FORMATS",
    "MACROS",
    "PARAMETERS",
    "FilterSelection",
    "Issue",
    "MacroContext",
    "RawChart",
    "RawResult",
    "RawRunner",
    "RawSlice",
    "Reach",
    "Variable",
    "expand_lucene",
    "expand_text",
    "filter_condition",
    "tables_of",
    "variable_name",
]
