"""Our SQL against the SQL a person would write for the same question, in one run; and what we add to the engine's time.

    python bench/query/bench_query.py [--rows 20000000] [--repeats 5]

Rows are generated once for each size and kept in the temporary directory. `ours ÷ by hand` compares the two texts on the
same connections; `above` is a whole chart (compile, ask, shape) minus the engine's own time.
"""

# ruff: noqa: E501  (one statement, one line)

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

from generated_rows import DAY, open_generated
from questions import questions

from clickstack.core.ids import SequentialIds
from clickstack.core.sql import Sql
from clickstack.metadata.defaults import default_sources
from clickstack.query import Runner


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="logs; half as many spans, a tenth of each metric")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    store = open_generated(options.rows)
    ids = SequentialIds()
    sources = {source.kind: source for source in default_sources("team", "connection", ids)}
    runner = Runner(store)
    print(
        f"{'question':32}{'ours ms':>9}{'by hand':>9}{'ratio':>7}{'above ms':>10}{'rows read':>12}{'by hand':>12}{'MB':>8}"
    )
    ratios, overheads = [], []
    for question in questions(sources):
        sql, by_hand = runner.compile(question.chart, DAY).sql, Sql.of(question.by_hand)
        ours, theirs, above = [], [], []
        for _ in range(options.repeats):
            ours_s, ours_result = timed(lambda sql=sql: store.query(sql))
            theirs_s, theirs_result = timed(lambda by_hand=by_hand: store.query(by_hand))
            whole_s, chart = timed(lambda chart=question.chart: runner.run(chart, DAY))
            ours.append(ours_s * 1000)
            theirs.append(theirs_s * 1000)
            above.append((whole_s - chart.statistics.elapsed_s) * 1000)
        ratios.append(statistics.median(ours) / statistics.median(theirs))
        overheads.append(statistics.median(above))
        read = ours_result.statistics
        print(
            f"{question.name:32}{statistics.median(ours):9.1f}{statistics.median(theirs):9.1f}{ratios[-1]:7.2f}"
            f"{overheads[-1]:10.1f}{read.rows_read:12,}{theirs_result.statistics.rows_read:12,}{read.bytes_read / 1e6:8.1f}"
        )
    print(f"\nmedian ratio {statistics.median(ratios):.2f}; above the engine {statistics.median(overheads):.1f} ms")
    store.close()


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


if __name__ == "__main__":
    main()
