"""Looking around: the works behind the home page, products, search and the cart."""

from __future__ import annotations

from .operation import Call, Fault, Field, Say, Template
from .protocols import database, grpc, http, inside, page


def access_log(route: str, method: str) -> Say:
    """The gateway writes one JSON line per request; its severity follows the status."""
    return Say(
        "INFO",
        Template(
            {
                "msg": "request",
                "method": method,
                "route": route,
                "status": Field("status"),
                "duration_ms": Field("duration_ms"),
                "user_id": "{user_id}",
                "client": "{client_address}",
            }
        ),
        always=True,
    )


# --- catalog and recommendation -------------------------------------------------------------------------------
_PRODUCT_ROW = database(
    "postgresql", "catalog", "SELECT sku, name, price, stock FROM products WHERE sku = $1", 3.2, collection="products"
)
_PRODUCT_LIST = database(
    "postgresql",
    "catalog",
    "SELECT sku, name, price FROM products WHERE category = $1 ORDER BY popularity DESC LIMIT 24",
    9.5,
    collection="products",
)
_GET_PRODUCT = grpc(
    "gateway",
    "catalog",
    "shop.catalog.v1.ProductService/GetProduct",
    1.6,
    (database("redis", "catalog", "GET product:?", 0.6), Call(_PRODUCT_ROW, 0.25)),
    extra={"app.product.sku": "{sku}"},
    says=(Say("DEBUG", "[http-nio-9090-exec] c.s.catalog.ProductCache : cache miss for {sku}", chance=0.12),),
    faults=(
        Fault(
            0.008,
            "com.shop.catalog.ProductNotFoundException",
            "No product with sku {sku} in this market",
            404,
            "NOT_FOUND",
            "WARN",
        ),
        Fault(0.002, "org.postgresql.util.PSQLException", "ERROR: canceling statement due to statement timeout"),
    ),
)
_LIST_PRODUCTS = grpc(
    "gateway",
    "catalog",
    "shop.catalog.v1.ProductService/ListProducts",
    2.4,
    (_PRODUCT_LIST,),
    extra={"app.product.category": "{category}"},
    faults=(Fault(0.002, "org.postgresql.util.PSQLException", "ERROR: canceling statement due to statement timeout"),),
)
_SEARCH_PRODUCTS = grpc(
    "gateway",
    "catalog",
    "shop.catalog.v1.ProductService/Search",
    3.5,
    (database("opensearch", "catalog", "search products", 34.0, collection="products", spread=0.6),),
    extra={"app.search.query": "{search}", "app.search.hits": Field("hits")},
    says=(Say("INFO", "c.s.catalog.SearchService : '{search}' found {hits} products in {duration_ms} ms"),),
)
_RECOMMEND = grpc(
    "gateway",
    "recommendation",
    "shop.recommendation.v1.Recommender/Suggest",
    6.0,
    (
        inside("model.predict", "recommendation.model", 24.0, extra={"app.model.version": "als-2026-01"}),
        Call(database("redis", "recommendation", "MGET features:?", 0.9), 0.9),
    ),
    says=(Say("DEBUG", "suggested 8 products", Template({"app.user.id": "{user_id}", "app.seed.sku": "{sku}"}), 0.15),),
    faults=(
        Fault(
            0.012,
            "TimeoutError",
            "feature store did not answer within 250 ms",
            504,
            "DEADLINE_EXCEEDED",
            "WARN",
        ),
    ),
)

# --- cart ------------------------------------------------------------------------------------------------------
_CHECK_STOCK = grpc(
    "gateway",
    "inventory",
    "shop.inventory.v1.Stock/Check",
    2.0,
    (
        database(
            "postgresql",
            "inventory",
            "SELECT available FROM stock WHERE sku = $1 AND warehouse = $2",
            2.6,
            collection="stock",
        ),
    ),
    extra={"app.product.sku": "{sku}"},
    faults=(Fault(0.01, "OutOfStock", "only 0 of {sku} left", 409, "FAILED_PRECONDITION", "WARN"),),
)
_CART_ADD = http(
    "gateway",
    "cart",
    "POST",
    "/cart/items",
    "/cart/items",
    2.8,
    (database("redis", "cart", "HSET cart:?", 0.7), database("redis", "cart", "EXPIRE cart:?", 0.4)),
    extra={"app.product.sku": "{sku}", "app.cart.quantity": Field("quantity")},
    says=(
        Say(
            "INFO",
            "Added {quantity} x {sku} to cart",
            Template({"app.user.id": "{user_id}", "app.product.sku": "{sku}", "app.cart.quantity": Field("quantity")}),
        ),
    ),
    faults=(
        Fault(
            0.003, "StackExchange.Redis.RedisTimeoutException", "Timeout performing HSET (5000ms), inst: 0, qu: 41", 500
        ),
    ),
)
_CART_GET = http(
    "gateway",
    "cart",
    "GET",
    "/cart",
    "/cart",
    1.9,
    (database("redis", "cart", "HGETALL cart:?", 0.8),),
    says=(Say("DEBUG", "Loaded cart of {user_id} ({tier} customer)", chance=0.3),),
)

# --- pages -----------------------------------------------------------------------------------------------------
HOME = page(
    "GET",
    "/",
    "/",
    9.0,
    (
        http(
            "storefront",
            "gateway",
            "GET",
            "/api/home",
            "/api/home",
            1.2,
            (_LIST_PRODUCTS, Call(_RECOMMEND, optional=True)),
            at_once=True,
            says=(access_log("/api/home", "GET"),),
        ),
    ),
    says=(Say("DEBUG", "rendered home for {session_id} in {duration_ms}ms", chance=0.2),),
)
PRODUCT = page(
    "GET",
    "/product/:sku",
    "/product/{sku}",
    12.0,
    (
        http(
            "storefront",
            "gateway",
            "GET",
            "/api/products/:sku",
            "/api/products/{sku}",
            1.2,
            (_GET_PRODUCT, Call(_RECOMMEND, 0.8, optional=True)),
            extra={"app.product.sku": "{sku}"},
            at_once=True,
            says=(access_log("/api/products/:sku", "GET"),),
        ),
    ),
)
SEARCH = page(
    "GET",
    "/search",
    "/search",
    10.0,
    (
        http(
            "storefront",
            "gateway",
            "GET",
            "/api/search",
            "/api/search",
            1.3,
            (_SEARCH_PRODUCTS,),
            extra={"app.search.query": "{search}"},
            says=(access_log("/api/search", "GET"),),
        ),
    ),
)
ADD_TO_CART = page(
    "POST",
    "/cart",
    "/cart",
    6.0,
    (
        http(
            "storefront",
            "gateway",
            "POST",
            "/api/cart/items",
            "/api/cart/items",
            1.1,
            (_CHECK_STOCK, _CART_ADD),
            extra={"app.product.sku": "{sku}"},
            says=(access_log("/api/cart/items", "POST"),),
        ),
    ),
)
VIEW_CART = page(
    "GET",
    "/cart",
    "/cart",
    8.0,
    (
        http(
            "storefront",
            "gateway",
            "GET",
            "/api/cart",
            "/api/cart",
            1.0,
            (_CART_GET,),
            says=(access_log("/api/cart", "GET"),),
        ),
    ),
)
