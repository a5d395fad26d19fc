"""Buying: the works behind POST /checkout, from the reservation to the confirmation mail."""

from __future__ import annotations

from .incidents import CANARY_VERSION, PAYMENT_ERRORS, SLOW_CHECKOUT
from .operation import Call, Fault, Field, Say, Slowness, Template
from .protocols import consume, database, grpc, http, inside, outside, page, publish
from .shop_browse import access_log

_LEDGER_QUERY = database(
    "postgresql",
    "payment",
    "SELECT balance, hold FROM ledger WHERE customer_id = $1 FOR UPDATE",
    6.0,
    collection="ledger",
    slowness=Slowness(SLOW_CHECKOUT, 3_800.0),
    faults=(
        Fault(
            0.66,
            "org.postgresql.util.PSQLException",
            'ERROR: column "hold_reason" of relation "ledger" does not exist',
            planned=PAYMENT_ERRORS,
            version=CANARY_VERSION,
        ),
    ),
)
_CHARGE_CARD = inside(
    "ChargeService.charge",
    "com.shop.payment.ChargeService",
    4.0,
    (
        _LEDGER_QUERY,
        outside("POST", "api.cards.example", "/v3/charges", 92.0),
        database(
            "postgresql",
            "payment",
            "INSERT INTO charges (order_id, customer_id, amount, currency, card) VALUES ($1, $2, $3, $4, $5)",
            4.5,
            collection="charges",
        ),
    ),
    extra={"app.payment.card": "{card}", "app.payment.amount": Field("amount"), "app.payment.currency": "{currency}"},
    faults=(
        Fault(0.006, "java.net.SocketTimeoutException", "api.cards.example: Read timed out", 504, "DEADLINE_EXCEEDED"),
        Fault(
            0.04,
            "com.shop.payment.CardDeclinedException",
            "Card declined by issuer: insufficient_funds",
            402,
            "FAILED_PRECONDITION",
            "WARN",
        ),
    ),
)
_CHARGE = grpc(
    "checkout",
    "payment",
    "shop.payment.v1.Payments/Charge",
    2.2,
    (_CHARGE_CARD,),
    extra={"app.order.id": "{order_id}"},
    says=(
        Say(
            "INFO",
            Template(
                {
                    "level": "info",
                    "logger": "com.shop.payment.Payments",
                    "message": "charge finished",
                    "order_id": "{order_id}",
                    "amount": Field("amount"),
                    "currency": "{currency}",
                    "card": "{card}",
                    "duration_ms": Field("duration_ms"),
                }
            ),
        ),
    ),
)
_RESERVE = grpc(
    "checkout",
    "inventory",
    "shop.inventory.v1.Stock/Reserve",
    3.0,
    (
        database(
            "postgresql",
            "inventory",
            "UPDATE stock SET available = available - $1 WHERE sku = $2 AND available >= $1",
            5.5,
            collection="stock",
        ),
        Call(database("redis", "inventory", "DEL stock:?", 0.5), 0.8),
    ),
    extra={"app.product.sku": "{sku}", "app.order.id": "{order_id}"},
    says=(
        Say(
            "INFO",
            "reserved {quantity} x {sku}",
            Template({"app.order.id": "{order_id}", "app.product.sku": "{sku}", "app.stock.warehouse": "fra-2"}),
        ),
    ),
    faults=(
        Fault(
            0.004,
            "sqlalchemy.exc.OperationalError",
            "(psycopg.errors.SerializationFailure) could not serialize access due to concurrent update",
        ),
    ),
)
_QUOTE = http(
    "checkout",
    "shipping",
    "POST",
    "/quotes",
    "/quotes",
    14.0,
    (Call(outside("GET", "rates.parcels.example", "/v1/rates", 55.0, spread=0.5), 0.5),),
    extra={"app.ship.country": "{country}"},
    faults=(
        Fault(0.006, "Shop\\Shipping\\AddressException", "No carrier serves postal code '00000' in {country}", 422),
    ),
)
_MAIL = consume(
    "email-worker",
    "orders",
    8.0,
    (
        inside("render order_confirmation.html", "email_worker.templates", 18.0),
        outside("POST", "mail.example", "/send", 120.0, spread=0.5),
    ),
    says=(
        Say(
            "INFO",
            "order confirmation sent",
            Template(
                {"app.order.id": "{order_id}", "app.user.id": "{user_id}", "messaging.destination.name": "orders"}
            ),
        ),
    ),
    faults=(
        Fault(
            0.015,
            "smtplib.SMTPServerDisconnected",
            "Connection unexpectedly closed by mail.example; will be retried",
            503,
            severity="ERROR",
        ),
    ),
)
_SHIP = consume(
    "shipping",
    "orders",
    6.0,
    (
        database(
            "postgresql",
            "shipping",
            "INSERT INTO shipments (order_id, country, parcels) VALUES ($1, $2, $3)",
            4.0,
            collection="shipments",
        ),
    ),
    says=(Say("INFO", "[shipping] shipment created for order {order_id} to {country}"),),
)
_PLACE_ORDER = http(
    "gateway",
    "checkout",
    "POST",
    "/orders",
    "/orders",
    5.0,
    (
        http("checkout", "cart", "GET", "/cart", "/cart", 1.9, (database("redis", "cart", "HGETALL cart:?", 0.8),)),
        Call(_QUOTE, optional=True),
        _RESERVE,
        _CHARGE,
        database(
            "postgresql",
            "checkout",
            "INSERT INTO orders (id, customer_id, amount, currency) VALUES ($1, $2, $3, $4)",
            4.8,
            collection="orders",
        ),
        publish("orders", (_MAIL, _SHIP)),
    ),
    extra={"app.order.id": "{order_id}", "app.order.amount": Field("amount"), "app.user.tier": "{tier}"},
    says=(
        Say(
            "INFO",
            Template(
                {
                    "msg": "order placed",
                    "order_id": "{order_id}",
                    "user_id": "{user_id}",
                    "amount": Field("amount"),
                    "currency": "{currency}",
                    "items": Field("quantity"),
                }
            ),
        ),
    ),
)

CHECKOUT = page(
    "POST",
    "/checkout",
    "/checkout",
    9.0,
    (
        http(
            "storefront",
            "gateway",
            "POST",
            "/api/checkout",
            "/api/checkout",
            1.5,
            (_PLACE_ORDER,),
            extra={"app.order.id": "{order_id}"},
            says=(access_log("/api/checkout", "POST"),),
        ),
    ),
    says=(Say("INFO", "checkout of {user_id} finished in {duration_ms}ms with status {status}", always=True),),
)
