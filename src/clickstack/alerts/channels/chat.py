"""Chats: Microsoft Teams, Discord, Telegram and Google Chat."""

from __future__ import annotations

from .outgoing import BadTarget, Outgoing, Target, Words, clipped, post_json, with_query

_TEAMS_CHARS_MAX = 20_000  # a card of Teams holds about 28 KB
_DISCORD_TITLE_MAX, _DISCORD_TEXT_MAX = 256, 4_096  # an embed
_TELEGRAM_CHARS_MAX = 4_096
_GOOGLE_CHARS_MAX = 4_000
_RED, _GREEN = 0xD92D20, 0x12B76A


def microsoft_teams(words: Words, target: Target) -> Outgoing:
    """An adaptive card, as the Workflows webhooks take it."""
    colour = "good" if words.state == "OK" else "attention"
    title = {"type": "TextBlock", "text": words.title, "weight": "bolder", "size": "medium", "wrap": True}
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {**title, "color": colour},
            {"type": "TextBlock", "text": clipped(words.body.strip(), _TEAMS_CHARS_MAX), "wrap": True},
        ],
        "actions": [{"type": "Action.OpenUrl", "title": "Open in ClickStack", "url": words.link}],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    url = with_query(target.url, target.query_params)
    return post_json(url, {"type": "message", "attachments": [attachment]}, words, target.headers)


def discord(words: Words, target: Target) -> Outgoing:
    embed = {
        "title": clipped(words.title, _DISCORD_TITLE_MAX),
        "url": words.link,
        "description": clipped(words.body, _DISCORD_TEXT_MAX),
        "color": _GREEN if words.state == "OK" else _RED,
    }
    message = {"embeds": [embed], "allowed_mentions": {"parse": []}}  # data never pings @everyone
    return post_json(with_query(target.url, target.query_params), message, words, target.headers)


def telegram(words: Words, target: Target) -> Outgoing:
    """The URL is `…/bot<token>/sendMessage`; the query parameter `chat_id` says where. Plain text needs no escape."""
    chat_id = target.query_params.get("chat_id")
    if not chat_id:
        raise BadTarget("A Telegram webhook needs the query parameter chat_id, the chat that is written to.")
    tail = f"\n{words.link}"
    text = clipped(f"{words.title}\n{words.body}", _TELEGRAM_CHARS_MAX - len(tail)) + tail
    value = {**target.query_params, "text": text, "link_preview_options": {"is_disabled": True}}
    return post_json(target.url, value, words)


def google_chat(words: Words, target: Target) -> Outgoing:
    """One thread per event: the fire and its resolve stand together."""
    params = {"messageReplyOption": "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD", **target.query_params}
    tail = f"\n<{words.link}|Open in ClickStack>"
    text = clipped(f"*{words.title}*\n{words.body}", _GOOGLE_CHARS_MAX - len(tail)) + tail
    message = {"text": text, "thread": {"threadKey": words.event_id}}
    return post_json(with_query(target.url, params), message, words, target.headers)


def google_chat_escape(text: str) -> str:
    """Data that cannot call everybody: `<users/all>` stays text. Entities would be shown as they are written."""
    return text.replace("<users/", "<\u200busers/")
