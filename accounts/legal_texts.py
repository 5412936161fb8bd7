"""The texts that people agree to: which is in force, and who agreed."""

from datetime import datetime

import nh3
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

from accounts.models import Agreement, LegalText, User

FALLBACK_LANGUAGE = "en"


def in_force(kind: str, *, language: str, now: datetime) -> LegalText | None:
    """This will return the newest published text of `kind`, in `language` when that version has one."""
    texts = list(LegalText.objects.in_force(now=now).filter(kind=kind)[:10])
    newest = [text for text in texts if text.version == texts[0].version]
    by_language = {text.language: text for text in newest}
    return by_language.get(language) or by_language.get(FALLBACK_LANGUAGE) or (newest[0] if newest else None)


def agree(user: User, *, language: str, now: datetime) -> list[Agreement]:
    """This will record that `user` agreed to the terms and the privacy text in force, in the language they read."""
    texts = [in_force(kind, language=language, now=now) for kind in (LegalText.Kind.TERMS, LegalText.Kind.PRIVACY)]
    return [
        Agreement.objects.get_or_create(user=user, legal_text=text, defaults={"agreed_at": now})[0]
        for text in texts
        if text is not None
    ]


def as_html(text: LegalText) -> SafeString:
    """This will return the text as sanitized HTML."""
    rendered = MarkdownIt("commonmark", {"html": False}).render(text.body)
    return SafeString(nh3.clean(rendered))
