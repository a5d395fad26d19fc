"""Who comes to the shop and what they want: the fields that works, logs and errors are filled with."""

from __future__ import annotations

import random
from functools import lru_cache
from typing import NamedTuple

from .signals import Value
from .traffic import chance_of, digest_of

USERS = 2_000
PRODUCTS = 180

_COUNTRIES = ("DE", "DE", "DE", "FR", "FR", "GB", "US", "US", "NL", "ES", "PL", "JP")
_CURRENCIES = {"GB": "GBP", "US": "USD", "JP": "JPY", "PL": "PLN"}
_MOZILLA = "Mozilla/5.0"
_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
_SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"
_USER_AGENTS = (
    f"{_MOZILLA} (Windows NT 10.0; Win64; x64) {_WEBKIT} Safari/537.36",
    f"{_MOZILLA} (iPhone; CPU iPhone OS 18_6 like Mac OS X) {_SAFARI} Mobile/15E148 Safari/604.1",
    f"{_MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) {_SAFARI} Safari/605.1.15",
    f"{_MOZILLA} (Linux; Android 16; Pixel 9) {_WEBKIT} Mobile Safari/537.36",
    f"{_MOZILLA} (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
)
_CARDS = ("visa", "visa", "mastercard", "mastercard", "amex", "paypal")
_THINGS = {
    "lighting": ("Desk lamp", "Floor lamp", "String lights", "Night light"),
    "kitchen": ("Kettle", "Bread knife", "Moka pot", "Cast iron pan"),
    "outdoor": ("Tent", "Sleeping bag", "Head torch", "Camp stove"),
    "office": ("Notebook", "Fountain pen", "Desk mat", "Monitor arm"),
    "audio": ("Headphones", "Turntable", "Bookshelf speaker", "Microphone"),
}
_MAKES = ("Aster", "Birch", "Cobalt", "Dune", "Ember", "Fjord", "Grove", "Harbour", "Iris")
_SEARCHES = ("lamp", "kettle", "tent", "headphones", "pen", "notebook", "desk mat", "speaker", "torch", "gift")


class Product(NamedTuple):
    sku: str
    name: str
    category: str
    price: float


def shopper(chance: random.Random) -> dict[str, Value]:
    """A person on a visit. Few products and few people are popular, many are not."""
    user = int(USERS * chance.random() ** 2)
    goods = products()[int(PRODUCTS * chance.random() ** 2)]
    quantity = 1 + int(3 * chance.random() ** 3)
    visit = chance.getrandbits(128)
    return {
        **_person(user),
        "sku": goods.sku,
        "product": goods.name,
        "category": goods.category,
        "price": goods.price,
        "quantity": quantity,
        "amount": round(goods.price * quantity + 4.9, 2),
        "session_id": f"{visit >> 64:016x}",
        "order_id": f"ord_{visit >> 24 & 0xFFFFFFFFFF:010x}",
        "message_id": f"{visit & 0xFFFFFFFFFFFF:012x}",
        "card": _CARDS[visit % len(_CARDS)],
        "search": _SEARCHES[visit % len(_SEARCHES)],
        "hits": visit % 47,
        "partition": str(user % 3),
        "offset": 0,
    }


@lru_cache(maxsize=1)
def products() -> tuple[Product, ...]:
    """What the shop sells."""
    made: list[Product] = []
    categories = tuple(_THINGS)
    for number in range(PRODUCTS):
        chance = chance_of("product", number)
        category = categories[number % len(categories)]
        name = f"{chance.choice(_MAKES)} {chance.choice(_THINGS[category])}"
        price = round(min(900.0, chance.lognormvariate(3.4, 0.8)), 2)
        made.append(Product(f"SKU-{10_000 + digest_of('sku', number) % 90_000}", name, category, price))
    return tuple(made)


@lru_cache(maxsize=USERS)
def _person(user: int) -> dict[str, Value]:
    bits = digest_of("user", user)
    country = _COUNTRIES[bits % len(_COUNTRIES)]
    return {
        "user_id": f"u-{10_000 + user}",
        "country": country,
        "currency": _CURRENCIES.get(country, "EUR"),
        "user_agent": _USER_AGENTS[(bits >> 8) % len(_USER_AGENTS)],
        # From the block reserved for documentation and benchmarks (RFC 2544), so that it is nobody's.
        "client_address": f"198.{18 + (bits >> 16) % 2}.{(bits >> 24) % 256}.{(bits >> 32) % 254 + 1}",
        "tier": "gold" if bits >> 40 & 7 == 0 else "standard",
    }
