"""Proving again who you are before something about signing in changes, for people who have only codes."""

from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.code_verification import AbstractCodeVerificationProcess
from allauth.account.internal.flows.login import record_authentication
from allauth.account.views import BaseReauthenticateView, password_set
from allauth.core import ratelimit
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path

from accounts.codes import LoginCodeForm
from accounts.models import User

SESSION_KEY = "step_up_code"


class CodeProcess(AbstractCodeVerificationProcess):  # type: ignore[misc]  # allauth ships no types
    """One code, sent to the e-mail address or phone number that the person signs in with."""

    def __init__(self, request: HttpRequest, state: dict[str, Any]) -> None:
        self.request = request
        attempts, seconds = app_settings.LOGIN_BY_CODE_MAX_ATTEMPTS, app_settings.LOGIN_BY_CODE_TIMEOUT
        super().__init__(max_attempts=attempts, timeout=seconds, state=state, user=request.user)

    @classmethod
    def resume(cls, request: HttpRequest) -> "CodeProcess | None":
        """This will return the code that was sent and is still good, if there is one."""
        state = request.session.get(SESSION_KEY)
        process: CodeProcess | None = cls(request, state).abort_if_invalid() if state else None
        return process

    @classmethod
    def initiate(cls, request: HttpRequest, user: User) -> None:
        """This will send a new code."""
        process = cls(request, cls.initial_state(user, user.email, user.phone))
        process.send()
        process.persist()

    def send(self) -> None:
        """This will mail the code, or text it to people without an e-mail address."""
        adapter = get_adapter()
        self.state["code"] = code = adapter.generate_login_code()
        if email := self.state.get("email"):
            adapter.send_mail("account/email/login_code", email, {"request": self.request, "code": code})
        else:
            adapter.send_verification_code_sms(user=self.user, phone=self.state["phone"], code=code)

    def persist(self) -> None:
        """This will keep the code for the next request."""
        self.request.session[SESSION_KEY] = self.state

    def abort(self) -> None:
        """This will forget the code."""
        self.request.session.pop(SESSION_KEY, None)


class ByCodeView(BaseReauthenticateView):  # type: ignore[misc]  # allauth ships no types
    """Sends a code on request and takes it; then what was interrupted goes on."""

    form_class = LoginCodeForm
    template_name = "account/reauthenticate_by_code.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """This will find the code that was sent before."""
        self.process = CodeProcess.resume(request)
        answer: HttpResponse = super().dispatch(request, *args, **kwargs)
        return answer

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """This will send a code when asked to, and take it otherwise."""
        if self.process and request.POST.get("action") != "send":
            answer: HttpResponse = super().post(request, *args, **kwargs)
            return answer
        user = request.user
        assert isinstance(user, User)
        if not ratelimit.consume(request, action="request_login_code", key=user.email or user.phone):
            too_many: HttpResponse = ratelimit.respond_429(request)
            return too_many
        CodeProcess.initiate(request, user)
        return HttpResponseRedirect(request.get_full_path())

    def get_form_kwargs(self) -> dict[str, Any]:
        """This will hand the expected code to the form."""
        given: dict[str, Any] = super().get_form_kwargs()
        return given | {"code": self.process.code if self.process else ""}

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        """This will tell the page whether a code is on its way."""
        words: dict[str, Any] = super().get_context_data(**more)
        return words | {"process": self.process}

    def form_valid(self, form: LoginCodeForm) -> HttpResponse:
        """This will note the proof and go on."""
        assert self.process
        self.process.abort()
        record_authentication(self.request, self.request.user, method="code", reauthenticated=True)
        answer: HttpResponse = super().form_valid(form)
        return answer

    def form_invalid(self, form: LoginCodeForm) -> HttpResponse:
        """This will count the guess; after the last one a new code is needed."""
        if not self.process or not self.process.record_invalid_attempt():
            return HttpResponseRedirect(self.request.get_full_path())
        answer: HttpResponse = super().form_invalid(form)
        return answer


set_password = login_required(reauthentication_required(app="allauth.account")(password_set))
"""allauth asks for the old password before a new one, but those who never had one for nothing."""

urlpatterns = [
    path("reauthenticate/code/", login_required(ByCodeView.as_view()), name="reauthenticate_by_code"),
    path("password/set/", set_password, name="account_set_password"),
]
