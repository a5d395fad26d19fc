"""ClickHouse settings that people give a source: which ones a query may carry, and that they lift no limit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from clickstack.core.errors import BadRequest
from clickstack.core.limits import (
    QUERY_SECONDS_MIN,
    SETTING_BLOCK_ROWS_MAX,
    SETTING_SPILL_BYTES_MIN,
    SETTING_THREADS_MAX,
)

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
_REFUSED = re.compile(r"merge_tree_(?:storage_snapshot_sleep_ms|clear_old_\w+|\w+_injection_probability)")  # for tests
_VALUE_CHARS_MAX = 200

# Sizes: the setting → the least and the most it may be; the first that fits counts. A zero that is allowed besides
# means that the engine chooses.
_ANY_MAX = 2**63 - 1
_SIZES: tuple[tuple[re.Pattern[str], int, int, bool], ...] = tuple(
    (re.compile(name), least, most, zero)
    for name, least, most, zero in (
        (r"max_(?:final_)?threads", 1, SETTING_THREADS_MAX, True),
        (r"max_block_size", 1, SETTING_BLOCK_ROWS_MAX, False),
        (r"max_bytes_before_\w+", SETTING_SPILL_BYTES_MIN, _ANY_MAX, True),
        (r"prefer_external_sort_block_bytes", 1, SETTING_SPILL_BYTES_MIN, False),
        (r"query_plan_max_optimizations_to_apply", 1, 10_000, False),  # planning is not under the limit of time
        (r"query_plan_optimize_join_order_limit", 0, 10, True),
        (r"query_plan_optimize_join_order_max_searched_plans", 1, 100_000, False),
        (r"query_plan_max_step_description_length", 0, 500, True),
        (r"optimize_and_compare_chain_max_hash_work", 0, 5_000_000, True),
        (r"optimize_const_name_size", 0, 65_536, True),
        (r"join_runtime_bloom_filter_bytes", 1, 64 * 1024 * 1024, False),
        (r"join_runtime_bloom_filter_hash_functions", 1, 16, False),
        (r"join_on_disk_max_files_to_merge", 2, 64, False),
        (
            r"(?:max|min)_(?!bytes_ratio_)\w+|(?:merge_tree|group_by|query_plan)_\w*(?:max|min|threshold)_\w+",
            0,
            _ANY_MAX,
            True,
        ),
    )
)
_WHOLE = re.compile(r"-?[0-9]{1,19}")
_SECONDS = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_RATIO = re.compile(r"0(?:\.[0-9]{1,15})?|1(?:\.0{1,15})?")


def may_be_set(name: str) -> bool:
    return _ALLOWED.fullmatch(name) is not None and not _REFUSED.fullmatch(name)


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
            own[name] = _within(name, value)
        else:
            limits[name] = value
    return {**own, **limits}


def _lower(name: str, value: str, limit: int | float) -> int | float:
    """Whole numbers, because the engine cuts fractions off, and what is left may be 0: no limit."""
    wanted: int | float
    if name == "max_execution_time":
        if not _SECONDS.fullmatch(value):
            raise BadRequest(f"querySettings: {name} needs a number of seconds, not {value!r}.")
        wanted = float(value)
        wanted = int(wanted) if wanted.is_integer() else wanted
        if 0 < wanted < QUERY_SECONDS_MIN:
            raise BadRequest(f"querySettings: {name} must be {QUERY_SECONDS_MIN} seconds or more, not {value}.")
    else:
        wanted = _whole(name, value)
    return limit if wanted <= 0 or (limit and wanted > limit) else wanted


def _whole(name: str, value: str) -> int:
    if not _WHOLE.fullmatch(value):
        raise BadRequest(f"querySettings: {name} needs a whole number, not {value!r}.")
    return int(value)


def _within(name: str, value: str) -> str:
    """The value, when it is within the bounds of its setting. Other settings are choices; the engine checks them."""
    if name.startswith("max_bytes_ratio_"):
        if not _RATIO.fullmatch(value):
            raise BadRequest(f"querySettings: {name} needs a number from 0 to 1, not {value!r}.")
        return value
    size = next((size for size in _SIZES if size[0].fullmatch(name)), None)
    if size is None or (name.endswith("threads") and value == "auto"):
        return value
    _, least, most, zero = size
    number = _whole(name, value)
    if not least <= number <= most and not (zero and number == 0):
        raise BadRequest(f"querySettings: {name} must be from {least} to {most}, not {value}.")
    return value
