"""What Django is told at its start when a way to pay is set up halfway."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register  # noqa: A004 - Django's name

from plans.payment_providers import SHORTEST_SECRET, WAYS


@register
def payment_secrets(**_about: Any) -> list[CheckMessage]:
    """This will warn of ways to pay that cannot hear messages, and of secrets that can be guessed."""
    warnings: list[CheckMessage] = []
    for name, way in WAYS.items():
        secret = getattr(settings, way.proof)
        if way.is_open and not secret:
            hint = (
                f"Set {way.proof}; until then /payments/{name}/messages/ does not exist, and payments are asked about."
            )
            warnings.append(Warning(f"{name} cannot send messages.", hint=hint, id="plans.W001"))
        elif secret and len(secret) < SHORTEST_SECRET:
            hint = f"Give {way.proof} at least {SHORTEST_SECRET} random characters."
            warnings.append(Warning(f"The secret of {name}'s messages is short.", hint=hint, id="plans.W002"))
    return warnings


@register
def merchants_by_half(**_about: Any) -> list[CheckMessage]:
    """This will warn of a way to pay that is closed because only a part of what it needs was given."""
    return [
        Warning(
            f"{name} is closed: {', '.join(merchant.missing)} missing, or too short.",
            hint="Give all of them, or none.",
            id="plans.W003",
        )
        for name, merchant in (("wechat_pay", settings.WECHAT_PAY), ("stripe", settings.STRIPE))
        if merchant.is_begun and not merchant
    ]
