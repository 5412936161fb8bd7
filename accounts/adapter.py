"""What allauth asks of us: how people are made, found by phone, and sent their codes."""

import time
from contextlib import suppress
from html import unescape
from typing import Any, ClassVar
from urllib.parse import urlencode

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.account.stages import EmailVerificationStage
from allauth.core import context
from allauth.core.exceptions import ReauthenticationRequired
from allauth.usersessions.internal.flows.sessions import end_other_sessions
from django.conf import settings
from django.core.mail import EmailMessage
from django.forms import CharField, Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import senders
from accounts.forms import PhoneField
from accounts.models import User, normal_email
from portal.kit import clock

INVITATIONS = "/join/"
"""Who comes in by an invitation joins, and founds nothing before."""
PHONE_CHANGED = "account/email/phone_changed"
SECOND_FACTOR_CHANGES = {
    f"mfa/email/{change}" for change in ("totp_activated", "totp_deactivated", "webauthn_added", "webauthn_removed")
}


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Signing up and signing in by e-mail or phone."""

    error_messages: ClassVar[dict[str, Any]] = DefaultAccountAdapter.error_messages | dict.fromkeys(
        ("email_password_mismatch", "phone_password_mismatch"),
        _("These do not match. Check both, or leave the password empty and we send you a code."),
    )

    def new_user(self, _request: HttpRequest) -> User:
        """This will return a person who has just come in, not yet stored."""
        return User(created_at=clock.now(), language=_request.LANGUAGE_CODE)

    def save_user(self, request: HttpRequest, user: User, form: Form, commit: bool = True) -> User:  # noqa: FBT001, FBT002 - allauth's signature
        """This will store the person with their phone number in one write, because one of the two must be there."""
        super().save_user(request, user, form, commit=False)
        if commit:
            user.save()
        return user

    def clean_email(self, email: str) -> str:
        """This will bring an address into its stored form."""
        return normal_email(email)

    def render_mail(self, *given: Any, **more: Any) -> EmailMessage:
        """This will write a mail from its templates, in plain text, which is no HTML."""
        mail: EmailMessage = super().render_mail(*given, **more)
        mail.body = unescape(str(mail.body))
        return mail

    def get_login_stages(self) -> list[str]:
        """This will name the steps of a sign-in; who has no e-mail address has none to verify."""
        ours = f"{__name__}.{EmailStage.__name__}"
        theirs = f"{EmailVerificationStage.__module__}.{EmailVerificationStage.__name__}"
        return [ours if stage == theirs else stage for stage in super().get_login_stages()]

    def post_login(self, request: HttpRequest, user: User, **hooks: Any) -> HttpResponse:
        """This will send a person without an account to found one, and come back to where they were going."""
        answer: HttpResponse = super().post_login(request, user, **hooks)
        if user.language:
            answer.set_cookie(settings.LANGUAGE_COOKIE_NAME, user.language, samesite="Lax", secure=settings.SECURE)
        if user.is_staff or user.current_membership or not isinstance(answer, HttpResponseRedirect):
            return answer
        if answer.url.startswith(INVITATIONS):
            return answer
        answer["Location"] = f"{reverse('founding')}?{urlencode({'next': answer.url})}"
        return answer

    def phone_form_field(self, **given: Any) -> CharField:
        """This will take numbers as people write them."""
        return PhoneField(**given)

    def get_phone(self, user: User) -> tuple[str, bool] | None:
        """This will return the phone number of `user` and whether it was verified."""
        return (user.phone, user.phone_verified_at is not None) if user.phone else None

    def set_phone(self, user: User, phone: str, verified: bool) -> None:  # noqa: FBT001 - allauth's signature
        """This will give `user` a phone number."""
        user.phone = phone
        user.phone_verified_at = clock.now() if verified else None
        if user.pk:
            user.save(update_fields=["phone", "phone_verified_at"])

    def set_phone_verified(self, user: User, phone: str) -> None:
        """This will note that `user` typed the code that was sent to `phone`."""
        known = User.objects.filter(pk=user.pk, phone=phone).update(phone_verified_at=clock.now())
        if not known and self.request.user == user:  # who is signed in changes it; a code for signing in never does
            self.send_notification_mail(PHONE_CHANGED, user)
            self.set_phone(user, phone, verified=True)
        user.refresh_from_db(fields=["phone", "phone_verified_at"])

    def get_user_by_phone(self, phone: str) -> User | None:
        """This will find whose phone number this is."""
        return User.objects.filter(phone=phone, is_active=True).first()

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """This will tell a person what changed about signing in; with a second factor, their other sessions end.

        Every such change passes here, so no signal has to be heard. A new password ends the others by its hash.
        """
        if template_prefix in SECOND_FACTOR_CHANGES:
            end_other_sessions(self.request, user)
        super().send_notification_mail(template_prefix, user, context, email)
        if user.phone and (template_prefix == PHONE_CHANGED or not user.email):
            _tell(user.phone)

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """This will list the ways to prove again who you are, the password first, then a passkey.

        People who have only codes get a code.
        """
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if methods or not user.is_authenticated:
            order = ("reauthenticate", "mfa_reauthenticate:webauthn", "mfa_reauthenticate")
            return sorted(methods, key=lambda method: order.index(method["id"]))
        url = reverse("reauthenticate_by_code")
        return [{"id": "reauthenticate_by_code", "description": _("Use a code"), "url": url}]

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        """This will return whether proof is needed; raises `ReauthenticationRequired` for people who have only codes.

        allauth lets them through for want of a way to ask. Their sign-in was a code too, so a fresh one counts.
        """
        user = self.request.user
        if user.is_authenticated and not get_reauthentication_flows(user):
            proofs = [proof["at"] for proof in get_authentication_records(self.request, user)]
            if time.time() - max(proofs, default=0) > app_settings.REAUTHENTICATION_TIMEOUT:
                raise ReauthenticationRequired
        return bool(super().is_reauthentication_required(app=app, **more))

    def send_verification_code_sms(self, user: User, phone: str, code: str, **_more: Any) -> None:  # noqa: ARG002 - allauth's signature
        """This will send a code."""
        _send("code", phone, code=code)

    def send_unknown_account_sms(self, phone: str, **_more: Any) -> None:
        """This will tell the owner of an unknown number that there is no account, without telling the page."""
        _send("unknown_account", phone, link=settings.BASE_URL + reverse("account_signup"))

    def send_account_already_exists_sms(self, phone: str) -> None:
        """This will tell the owner of a known number to sign in instead of signing up."""
        _send("known_account", phone, link=settings.BASE_URL + reverse("account_login"))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # allauth counts every phone number under one empty name: five typing errors would lock all of them out.
        key = str(super()._get_login_attempts_cache_key(request, **credentials))
        return key if "email" in credentials else f"{key}{credentials.get('phone', '')}"


class EmailStage(EmailVerificationStage):  # type: ignore[misc]  # allauth ships no types
    """Asks for the code that was mailed, of those who have an e-mail address."""

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """This will let people pass who signed up by phone alone."""
        user = self.login.user
        if user is not None and not user.email:
            return None, True
        answer: tuple[HttpResponse | None, bool] = super().handle()
        return answer


def _tell(phone: str) -> None:
    with suppress(senders.NoTextMessages):  # the change has been made; the page tells it too
        _send("security_notice", phone, link=settings.BASE_URL + reverse("usersessions_list"))


def _send(name: str, phone: str, **words: str) -> None:
    text = render_to_string(f"accounts/sms/{name}.txt", words, request=context.request)
    senders.send_sms(phone, unescape(text).strip())  # a text message is no HTML
