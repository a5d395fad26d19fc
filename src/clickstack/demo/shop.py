"""What people do in the shop: every visit as a table of works, with how often it happens.

browser ─► storefront ─► gateway ─┬─► catalog ──────► redis, postgresql, opensearch
                                  ├─► recommendation
                                  ├─► cart ─────────► redis
                                  └─► checkout ─┬───► cart, shipping
                                                ├───► inventory ─► postgresql
                                                ├───► payment ───► postgresql, api.cards.example
                                                └─ ✉ orders ─► email-worker, shipping
"""

from __future__ import annotations

from typing import NamedTuple

from .operation import Call, Field, Say, Template, Work
from .protocols import database, outside
from .shop_browse import ADD_TO_CART, HOME, PRODUCT, SEARCH, VIEW_CART
from .shop_order import CHECKOUT


class Visit(NamedTuple):
    """A kind of trace, and its share of all of them."""

    name: str
    share: float
    root: Work


RESTOCK = Work(
    service="inventory",
    name="job restock",
    kind="internal",
    scope="inventory.jobs",
    median_ms=40.0,
    attributes=Template({"app.job.name": "restock", "app.stock.warehouse": "fra-2"}),
    calls=(
        Call(
            database(
                "postgresql",
                "inventory",
                "SELECT sku FROM stock WHERE available < reorder_at",
                22.0,
                collection="stock",
            )
        ),
        Call(outside("POST", "wms.example", "/v2/replenishments", 210.0, spread=0.5), 0.8),
    ),
    says=(Say("INFO", "restock job finished", Template({"app.job.name": "restock", "app.job.orders": Field("hits")})),),
)

VISITS = (
    Visit("home", 0.25, HOME),
    Visit("product", 0.29, PRODUCT),
    Visit("search", 0.13, SEARCH),
    Visit("add to cart", 0.13, ADD_TO_CART),
    Visit("view cart", 0.07, VIEW_CART),
    Visit("checkout", 0.12, CHECKOUT),
    Visit("restock", 0.01, RESTOCK),
)
assert abs(sum(visit.share for visit in VISITS) - 1) < 1e-9
