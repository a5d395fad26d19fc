"""ClickHouse settings that people give a source: which ones a query may carry, and that they lift no limit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from clickstack.core.errors import BadRequest

from .engine import Pool

Settings = Mapping[str, str]
NO_SETTINGS: Settings = MappingProxyType({})

# What tunes how a query reads and computes. Settings that reach outside, change formats or rights are not among them.
_ALLOWED = re.compile(
    r"(?:max_(?:threads|final_threads|block_size|execution_time|memory_usage|result_rows|rows_\w+|bytes_\w+)"
    r"|(?:optimize|use|query_plan|group_by|join|merge_tree|prefer|force|compile|read_in_order|short_circuit)_\w+"
    r"|min_(?:bytes|count)_to_\w+|enable_(?:optimize|multiple_prewhere|vertical_final|lazy|software_prefetch)\w*"
    r"|read_overflow_mode|timeout_overflow_mode|final|transform_null_in|aggregate_functions_null_for_empty"
    r"|any_join_distinct_right_table_keys|joined_subquery_requires_alias|totals_mode|cast_keep_nullable)"
)
_VALUE_CHARS_MAX = 200


def may_be_set(name: str) -> bool:
    return _ALLOWED.fullmatch(name) is not None


def with_settings(pool: Pool, given: Settings) -> dict[str, int | float | str]:
    """The pool's settings and the given ones before them; a limit of the pool can be lowered, not lifted.

    Raises BadRequest for a setting that is not for sources.
    """
    own: dict[str, int | float | str] = {}
    limits: dict[str, int | float | str] = dict(pool.settings)
    for name, value in given.items():
        if not may_be_set(name):
            raise BadRequest(f"querySettings: {name!r} cannot be set for a source; only how queries read and compute.")
        if len(value) > _VALUE_CHARS_MAX:
            raise BadRequest(f"querySettings: the value of {name} is longer than {_VALUE_CHARS_MAX} characters.")
        limit = limits.get(name)
        if isinstance(limit, int | float):
            limits[name] = _lower(name, value, limit)
        elif limit is None:
            own[name] = value
        else:
            limits[name] = value
    return {**own, **limits}


def _lower(name: str, value: str, limit: int | float) -> int | float:
    try:
        number = float(value)
    except ValueError:
        raise BadRequest(f"querySettings: {name} needs a number, not {value!r}.") from None
    wanted = int(number) if number.is_integer() else number
    return limit if wanted <= 0 or (limit and wanted > limit) else wanted
