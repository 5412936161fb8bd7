"""The forms that send a code and take it, with one count of guesses that posts at the same moment cannot slip past."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.password_reset_by_code import PASSWORD_RESET_VERIFICATION_SESSION_KEY
from allauth.account.models import EmailAddress
from allauth.core import context, ratelimit
from django import forms

from accounts.models import User, normal_email


class NormalEmailField(forms.EmailField):
    """An e-mail address in its stored form, however it was typed, so that mail goes nowhere else."""

    def to_python(self, value: Any) -> str:
        """This will bring the address into its stored form."""
        return normal_email(str(super().to_python(value)))


class ResetForm(allauth_forms.ResetPasswordForm):  # type: ignore[misc]  # allauth ships no types
    """Where the code goes that lets a new password be set."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = _normal(self.fields["email"])


class RequestForm(allauth_forms.RequestLoginCodeForm):  # type: ignore[misc]  # allauth ships no types
    """Where the code goes that signs in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = _normal(self.fields["email"])

    def clean(self) -> dict[str, Any]:
        """This will ask for an address where none was typed: allauth goes on as if there were one."""
        values: dict[str, Any] = super().clean()
        if not (self.errors or values.get("email") or values.get("phone")):
            self.add_error("email", self.fields["email"].error_messages["required"])
        return values


class CountedForm(allauth_forms.BaseConfirmCodeForm):  # type: ignore[misc]  # allauth ships no types
    """Three guesses a code.

    allauth counts them in the session, which every request reads and writes whole: fifty posts at once would all be
    the first guess. The count of ACCOUNT_RATE_LIMITS is taken under a lock in the database.
    """

    def clean_code(self) -> str:
        """This will compare the code that was typed, if a guess is left and it went to where its person still is."""
        key = f"{context.request.session.session_key}:{self.expected_code}"
        if not ratelimit.consume(context.request, action="guess_code", key=key):
            refusal = get_adapter().validation_error("too_many_login_attempts")
            raise refusal
        code = str(super().clean_code())
        if not _reaches(self.sent()):
            refusal = get_adapter().validation_error("incorrect_code")
            raise refusal
        return code

    def sent(self) -> dict[str, Any]:
        """This will return to whom and where the code went, for codes that outlive a change of that."""
        return {}


class LoginCodeForm(CountedForm, allauth_forms.ConfirmLoginCodeForm):  # type: ignore[misc]  # allauth ships no types
    """The code that signs in."""

    def sent(self) -> dict[str, Any]:
        """This will return what the step of this sign-in remembers."""
        stage = getattr(context.request, "_login_stage", None)
        return dict(stage.state) if stage else {}


class ResetCodeForm(CountedForm, allauth_forms.ConfirmPasswordResetCodeForm):  # type: ignore[misc]  # allauth ships no types
    """The code that lets a new password be set."""

    def sent(self) -> dict[str, Any]:
        """This will return what the session remembers of the reset."""
        return dict(context.request.session.get(PASSWORD_RESET_VERIFICATION_SESSION_KEY, {}))


class EmailCodeForm(CountedForm, allauth_forms.ConfirmEmailVerificationCodeForm):  # type: ignore[misc]  # allauth ships no types
    """The code that proves an e-mail address."""


class PhoneCodeForm(CountedForm, allauth_forms.VerifyPhoneForm):  # type: ignore[misc]  # allauth ships no types
    """The code that proves a phone number."""


def _normal(field: forms.Field) -> NormalEmailField:
    return NormalEmailField(label=field.label, required=field.required, widget=field.widget)


def _reaches(sent: dict[str, Any]) -> bool:
    if not sent.get("user_id"):
        return True
    user = User.objects.filter(pk=sent["user_id"])
    if email := sent.get("email"):
        return bool(EmailAddress.objects.filter(user__in=user, email=email).exists())
    return user.filter(phone=sent.get("phone")).exists()
