"""What SQL of users may be made of: syntax by the names of the engine's tree, functions by the engine's own categories.

New releases of the engine bring new functions; those of a known harmless category are allowed, all others are not until
somebody has read what they do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

SYNTAX = frozenset(
    "SelectWithUnionQuery SelectIntersectExceptQuery SelectQuery Subquery ExpressionList WithElement "
    "Identifier TableIdentifier Literal Function Asterisk QualifiedAsterisk ColumnsRegexpMatcher ColumnsListMatcher "
    "QualifiedColumnsRegexpMatcher QualifiedColumnsListMatcher ColumnsTransformerList ColumnsExceptTransformer "
    "ColumnsReplaceTransformer ColumnsReplaceTransformer::Replacement TablesInSelectQuery TablesInSelectQueryElement "
    "TableExpression TableJoin ArrayJoin SampleRatio OrderByElement InterpolateElement WindowListElement "
    "WindowDefinition".split()
)
SYNTAX_REFUSED = {
    "Set": "Settings cannot be changed here: take the SETTINGS clause away.",
    "ColumnsApplyTransformer": "APPLY is not allowed in SQL: name the columns.",
    "Explain": "EXPLAIN is not allowed in SQL: write one SELECT.",
}

# They make rows of nothing but their arguments.
TABLE_FUNCTIONS = frozenset(
    "numbers numbers_mt zeros zeros_mt primes generateSeries generate_series values SQLStandardValues null".split()
)

# Functions of nothing but their arguments. Left out: AI, Dictionary, Embedded Dictionary, Internal, Introspection,
# Machine Learning; and Other, save the names below.
_CATEGORIES = frozenset(
    {"Arithmetic", "Arrays", "Bit", "Bitmap", "Comparison", "Conditional", "Dates and Times", "Distance", "Encoding"}
    | {"Encryption", "Financial", "Geo", "Geo Polygon", "Hash", "IP Address", "JSON", "Logical", "Map", "Mathematical"}
    | {"Null", "NumericIndexedVector", "QBit", "Random Number", "Rounding", "String", "String Replacement"}
    | {"String Search", "String Splitting", "Time Series", "Time Window", "Tuple", "Type Conversion", "URL", "UUID"}
)
_NAMES = frozenset(
    name.lower()
    for name in (
        "bar blockNumber blockSize byteSize countDigits defaultValueOfArgumentType defaultValueOfTypeName digits "
        "errorCodeToName flipCoordinates formatReadableDecimalSize formatReadableQuantity "
        "formatReadableSize formatReadableTimeDelta getSizeOfEnumType getSubcolumn identity ignore indexHint "
        "initializeAggregation isConstant isDecimalOverflow lowCardinalityIndices lowCardinalityKeys "
        "MACNumToString MACStringToNum MACStringToOUI materialize minSampleSizeContinuous minSampleSizeConversion "
        "neighbor normalizeQuery normalizeQueryKeepNames normalizedQueryHash normalizedQueryHashKeepNames "
        "parseISO8601Duration parseReadableSize parseReadableSizeOrNull parseReadableSizeOrZero parseTimeDelta "
        "rowNumberInAllBlocks rowNumberInBlock runningDifference "
        "runningDifferenceStartingWithFirstValue toColumnTypeName toTypeName transform variantElement variantType "
        "visibleWidth colorOKLABToSRGB colorOKLCHToSRGB colorSRGBToOKLAB colorSRGBToOKLCH "
        # syntax that the engine's parser spells as a function
        "_CAST caseWithExpression caseWithExpr exists grouping lambda untuple"
    ).split()
)
# In a harmless category all the same, and not for here: they wait, tell about the machine and its people, or leave
# files behind (formatRow writes schemas of Protobuf and Cap'n Proto to where the process was started).
_NAMES_REFUSED = frozenset(
    {"sleep", "sleepeachrow", "serveruuid", "hostname", "throwif", "initialquerystarttime"}
    | {"formatrow", "formatrownonewline"}
)
# Take the name of a type as their second argument. The last one has a third, which is a value.
CASTS = frozenset({"cast", "_cast", "accuratecast", "accuratecastornull", "accuratecastordefault"})
# With a backslash it could be spelled otherwise; not with one before a quote, as in DateTime(\'UTC\').
_STATE = re.compile(r"Aggregate\s*Function|\\(?!')", re.IGNORECASE)
# Take a function by its name as their first argument.
_HIGHER_ORDER = re.compile(r"(?:array|map)\w+", re.IGNORECASE)

# Their second argument may be the bare name of a table.
_TAKES_TABLE = re.compile(r"(?:global)?(?:not)?(?:null)?in(?:ignoreset)?|exists", re.IGNORECASE)


def takes_table(function: str) -> bool:
    return _TAKES_TABLE.fullmatch(function) is not None


def is_state(text: str) -> bool:
    """Whether a type's name is, or holds, that of an aggregate's state: bytes of people must not be read so."""
    return _STATE.search(text) is not None


def takes_function(function: str) -> bool:
    return _HIGHER_ORDER.fullmatch(function) is not None


class Functions:
    """Which functions of an engine are allowed.

    `rows` are (name, is_aggregate, alias_to, origin, categories) of `system.functions`, `combinators` the names of
    `system.aggregate_function_combinators`.
    """

    def __init__(self, rows: Iterable[list[Any]], combinators: Iterable[str]) -> None:
        rows = list(rows)
        named = {name: (origin, categories) for name, _, alias, origin, categories in rows if not alias}
        self._aggregates = {name.lower() for name, aggregate, *_ in rows if aggregate}
        self._combinators = tuple(each.lower() for each in combinators)
        self._allowed: dict[str, bool] = {}
        for name, aggregate, alias, _, _ in rows:
            original = alias or name
            origin, categories = named.get(original, ("", ""))
            allowed = (
                original.lower() not in _NAMES_REFUSED
                and origin == "System"
                and (bool(aggregate) or categories in _CATEGORIES or original.lower() in _NAMES)
            )
            # spellings that differ in case only are one name here, and one refusal is enough
            self._allowed[name.lower()] = allowed and self._allowed.get(name.lower(), True)

    def allow(self, name: str) -> bool:
        known = self._allowed.get(name.lower())
        return known if known is not None else name.lower() in _NAMES or self._combined(name.lower())

    def refuse(self, name: str) -> bool:
        """Whether the engine has such a function, and it is not allowed. Words of the syntax are no functions."""
        return not self._allowed.get(name.lower(), True)

    def _combined(self, name: str) -> bool:
        """Whether the name is an aggregate with combinators, such as sumMapIf."""
        if name in self._aggregates:
            return True
        return any(
            name.endswith(each) and len(name) > len(each) and self._combined(name.removesuffix(each))
            for each in self._combinators
        )
