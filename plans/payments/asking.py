"""Asking a provider where a payment stands, and taking its next step: over the network, so outside any transaction."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from plans import payment_providers
from plans.models import Payment
from plans.payment_providers.base import AsksCode, Charge, Denied, PaymentProvider, Standing, Unanswered, Unknown
from plans.payments.opening import LOST_AFTER, phone_of
from plans.payments.recording import mismatch_of
from portal.kit.units import Money

WAITS_FOR_PAYER = ("pending_validation", "reserved")


@dataclass(frozen=True)
class Answer:
    """What the provider's books say: a standing, or a clear no with a reason."""

    state: str
    standing: Standing | None
    reason: str = ""


def ask(payment: Payment, *, is_wanted: bool, now: datetime) -> Answer:
    """This will ask the provider where `payment` stands, and take the next step that is ours.

    What is set aside is taken while the payment is wanted, and let go of otherwise. A payment whose answer was lost
    is looked for under its own id; only if it never arrived and is still wanted, it is sent again, under the same id.
    Raises `Unanswered` when nothing is known.
    """
    provider = payment_providers.provider(payment.provider)
    try:
        told = _told(provider, payment, is_wanted=is_wanted, now=now)
        return _answer(_pursue(provider, payment, told, is_wanted=is_wanted)) if told else Answer("canceled", None)
    except Denied as denial:
        return Answer("denied", None, denial.reason)
    except Unknown as error:
        raise Unanswered from error


def try_code(payment: Payment, *, code: str) -> Answer:
    """This will send the code that the payer typed, and take what is then set aside.

    Raises `WrongCode`, `Unanswered`.
    """
    provider = payment_providers.provider(payment.provider)
    assert isinstance(provider, AsksCode)
    try:
        told = provider.validate(_standing(payment), code)
        return _answer(_pursue(provider, payment, told, is_wanted=True))
    except Denied as denial:
        return Answer("denied", None, denial.reason)
    except Unknown as error:
        raise Unanswered from error


def _told(provider: PaymentProvider, payment: Payment, *, is_wanted: bool, now: datetime) -> Standing | None:
    if payment.reference:
        return provider.query(payment.reference)
    if payment.checked_at is None and is_wanted:
        return provider.begin(_charge(payment))
    try:
        return provider.find(payment.pk)
    except Unknown:
        if is_wanted:
            return provider.begin(_charge(payment))
        if now < payment.created_at + LOST_AFTER:
            raise
        return None


def _pursue(provider: PaymentProvider, payment: Payment, told: Standing, *, is_wanted: bool) -> Standing:
    """What does not fit the payment is left as it is, for staff."""
    told = replace(
        told,
        page_url=told.page_url or payment.page_url,
        code_url=told.code_url or payment.code_url,
        authorization_id=told.authorization_id or payment.authorization_id,
    )
    if mismatch_of(payment, told):
        return told
    cannot_go_on = (
        payment.asks_code and told.state == "pending_validation" and not (told.authorization_id or told.page_url)
    )
    if told.state in WAITS_FOR_PAYER and (not is_wanted or cannot_go_on):
        return provider.cancel(told)
    if told.state == "reserved" and isinstance(provider, AsksCode):
        return provider.confirm(told)
    return told


def _answer(standing: Standing) -> Answer:
    return Answer(standing.state, standing, "denied" if standing.state == "denied" else "")


def _standing(payment: Payment) -> Standing:
    return Standing(
        reference=payment.reference or "",
        state=payment.state,
        amount=Money(payment.amount_minor, payment.currency),
        charge_id=str(payment.pk),
        mode=payment.mode,
        page_url=payment.page_url,
        code_url=payment.code_url,
        authorization_id=payment.authorization_id,
    )


def _charge(payment: Payment) -> Charge:
    version = payment.order.offering_version
    return Charge(
        id=payment.pk,
        reference_code=payment.order.number,
        phone=phone_of(payment),
        amount=Money(payment.amount_minor, payment.currency),
        description=f"{settings.SITE_NAME} {version.name}",
        product=version.offering.slug,
        tax_minor=payment.order.tax_minor,
        asks_code=payment.asks_code,
        return_url=f"{settings.BASE_URL}{reverse('plans:order', args=[payment.order_id])}",
        message_url=payment_providers.message_url(payment.provider),
    )
