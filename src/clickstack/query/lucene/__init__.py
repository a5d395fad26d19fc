"""The Lucene dialect (reference/query-engine.md §1): text → tokens → tree → condition, and → plain English.

Enters: a query text, the fields of a table. Leaves: a condition as `Sql`, or BadQuery with a position.
Do not add here: time ranges, aggregation, anything that asks the engine.
"""

from .baretext import BareText
from .compile import Compiled, compile_lucene
from .english import explain

__all__ = ["BareText", "Compiled", "compile_lucene", "explain"]
