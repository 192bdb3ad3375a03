"""What an HTTP error of an OpenAI-compatible server means, as one of our errors; and how its text is made safe."""

from __future__ import annotations

import email.utils
import json
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from instructgen.errors import (
    Authentication,
    BadRequest,
    ContentFiltered,
    EngineError,
    QuotaExhausted,
    RateLimited,
    Unavailable,
)

LONGEST = 300

_SECRETS = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf|key)[-_][\w*.-]{6,}|\bAIza[\w-]{10,}|\b(?:Bearer|Basic)\s+[^\s\"',)]+"
    r"|(?<=api[-_]key[\"'=: ])\s*[\"']?[^\s\"',)]{6,}",
    re.IGNORECASE,
)
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?")
# C0 and C1, zero-width and bidirectional controls, line and paragraph separators, lone surrogates.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff]+")

_NO_CREDIT = {
    "insufficient_quota",
    "insufficient_balance",
    "billing_hard_limit_reached",
    "billing_not_active",
    "exceeded_current_quota_error",
    "access_terminated",
}
_CREDIT_WORDS = re.compile(
    r"credit balance|insufficient[ _](?:account )?(?:balance|credit|funds)|billing hard limit", re.I
)
_QUOTA_WORDS = re.compile(r"exceeded your (?:current |monthly )?quota|out of credits?\b", re.I)
_FILTERED = {
    "content_filter",
    "content_policy_violation",
    "content_policy",
    "responsibleaipolicyviolation",
    "data_inspection_failed",
    "moderation_blocked",
}
_FILTER_WORDS = re.compile(r"\bflagged\b|content (?:management )?policy|safety system", re.I)
_NO_MODEL = re.compile(r"(?:the )?model\b[^.]{0,80}\bnot (?:exist|found)|(?:unknown|invalid) model\b", re.I)
_UNSUPPORTED = {"unsupported_parameter", "unsupported_value", "unknown_parameter", "extra_forbidden"}
_UNSUPPORTED_WORDS = re.compile(
    r"unsupported|not supported|does not support|unrecognized|unknown (?:parameter|argument|field)"
    r"|extra (?:inputs|fields)|incompatible",
    re.I,
)


def redact(text: str, key: str | None) -> str:
    """Server text that may be shown: without keys, escapes and control characters, and at most 300 characters long."""
    if key:
        text = text.replace(key, "[key]")
    text = _CONTROLS.sub(" ", _ESCAPES.sub("", text))
    if key:
        text = text.replace(key, "[key]")
    text = " ".join(_SECRETS.sub("[key]", text).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


@dataclass(frozen=True, slots=True)
class Problem:
    """An HTTP error as the server explained it. ``message`` is safe to show; the rest is for decisions only."""

    status: int
    message: str
    codes: frozenset[str] = frozenset()
    param: str = ""
    html: bool = False

    @classmethod
    def read(cls, status: int, body: bytes | Mapping[str, Any], key: str | None) -> Problem:
        """From the body of the error, in any of the shapes servers use."""
        data: Any = body
        if isinstance(body, bytes):
            text = body[:65536].decode("utf-8", "replace")
            try:
                data = json.loads(text)
            except (ValueError, RecursionError):
                data = text
        if isinstance(data, list) and data:
            data = data[0]
        error = _explanation(data)
        message, html = _words(error)
        codes = {str(error[name]).lower() for name in ("code", "type", "status") if error.get(name) is not None}
        return cls(status, redact(message, key), frozenset(codes), _param(error), html)

    @property
    def filtered(self) -> bool:
        """The prompt is refused by policy."""
        return bool(self.codes & _FILTERED) or (self.status == 403 and bool(_FILTER_WORDS.search(self.message)))

    @property
    def no_credit(self) -> bool:
        """The account cannot pay. The words of 429 are not enough: some vendors call a rate a quota."""
        if self.status == 402 or self.codes & _NO_CREDIT or _CREDIT_WORDS.search(self.message):
            return True
        return self.status != 429 and bool(_QUOTA_WORDS.search(self.message))

    @property
    def no_model(self) -> bool:
        """The server does not know the model."""
        return "model_not_found" in self.codes or bool(_NO_MODEL.match(self.message))

    def unsupported(self, names: frozenset[str]) -> str | None:
        """Which of these request parameters the model does not take, if that is what this is about."""
        if self.status not in (400, 422):
            return None
        if not self.codes & _UNSUPPORTED and not _UNSUPPORTED_WORDS.search(self.message):
            return None
        if self.param:
            return self.param if self.param in names else None
        found = re.findall(r"\w+", self.message)
        return next((word for word in found if word in names), None)

    def error(self, *, model: str, address: str, headers: Mapping[str, str]) -> EngineError:
        """The error to raise for it."""
        said = f"{address} answered HTTP {self.status}" + (f": {self.message}" if self.message else "")
        status = self.status
        if 400 <= status < 500 and self.filtered:
            return ContentFiltered(said)
        if 400 <= status < 500 and self.no_credit:
            return QuotaExhausted(f"{said}\nThe account is out of credit; top it up, then run the same command again.")
        if status in (401, 403):
            return Authentication(f"{said}\nCheck that the key is right and may use {model}.\n{RECORDED}")
        if status == 429:
            return RateLimited(said, retry_after=retry_after(headers))
        if 300 <= status < 400:
            place = urlsplit(headers.get("location", "")).netloc.rpartition("@")[2] or "another path"
            return BadRequest(f"{said}, a redirect to {redact(place, None)}\n{REDIRECTED}", fatal=True)
        if status in (404, 405, 410) or (status == 400 and self.no_model):
            missing = self.no_model and not self.html
            return BadRequest(f"{said}\n{CHECK_NAME.format(model=model) if missing else CHECK_PATH}", fatal=True)
        if status in (408, 409, 425) or status >= 500 or status < 300:
            return Unavailable(said, retry_after=retry_after(headers))
        return BadRequest(said)


RECORDED = "Or run without a key from recorded completions: recorded/PATH instead of openai/NAME."
REDIRECTED = "Redirects are not followed, so that the key stays where it belongs: set base_url to the final address."
CHECK_NAME = "Check the name of the model, {model}: the address is right, the name is not known there."
CHECK_PATH = "Check base_url: it is the part before /chat/completions and usually ends in /v1."


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds the server asks to wait, from ``retry-after-ms`` or ``retry-after`` (a number or an HTTP date).

    None where it names no delay, or one that makes no sense (negative, past, not a number).
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        return seconds if math.isfinite(seconds) and seconds >= 0 else None
    try:
        date = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
        seconds = date.timestamp() - time.time()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return seconds if seconds >= 0 else None


def _explanation(data: Any) -> Mapping[str, Any]:
    """The object with the message: ``{"error": {…}}``, ``{"error": "…"}``, ``{"detail": …}``, ``{"message": …}``."""
    if not isinstance(data, Mapping):
        return {"message": data if isinstance(data, str) else ""}
    error = data.get("error", data)
    if isinstance(error, str):
        return {**data, "message": error}
    if not isinstance(error, Mapping):
        return {}
    detail = error.get("detail")
    if isinstance(detail, list) and detail and isinstance(detail[0], Mapping):
        return detail[0]
    return error


def _words(error: Mapping[str, Any]) -> tuple[str, bool]:
    """The message, and whether it is a web page in place of one."""
    for name in ("message", "detail", "msg"):
        text = error.get(name)
        if isinstance(text, str):
            if re.match(r"\s*<(?:!doctype|html)", text, re.I):
                return "a web page, not an API", True
            return text, False
    return "", False


def _param(error: Mapping[str, Any]) -> str:
    place = error.get("param") or error.get("loc")
    if isinstance(place, list) and place:
        place = place[-1]
    return place if isinstance(place, str) else ""
