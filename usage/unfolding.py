"""What an assistant's name stands for: found by who may use it, and unfolded into its prompt, model and bounds."""

import re
import threading
import time
from dataclasses import replace as copied
from uuid import UUID

from msgspec.structs import replace

from accounts.callers import Caller
from accounts.models import Member
from models_catalog.catalog import Offer, UnknownModel
from models_catalog.providers.base import ChatRequest, Json
from portal.kit.refusals import Refusal, gettext_noop
from usage.models import Assistant, AssistantCall, AssistantVersion
from usage.models.assistant import LONGEST_SLUG, PREFIX, may_make

REMEMBERED_SECONDS = 5.0
MOST_REMEMBERED = 10_000
LONGEST_TOLD = 120
_NAME = re.compile(rf"assistant/([a-z0-9-]{{1,{LONGEST_SLUG}}})(?:@([1-9][0-9]{{0,5}}))?")

_Known = dict[tuple[int, str], tuple[float, AssistantVersion]]


class _Memory:
    """What this process knows: forgotten all at once, so that whoever is reading meanwhile adds to what is gone."""

    def __init__(self) -> None:
        self.known: _Known = {}
        self.lock = threading.Lock()


_memory = _Memory()


class Withdrawn(Refusal):
    """The assistant was withdrawn; a call sent again may have been answered, and charged, before it was."""

    code = "assistant_withdrawn"
    status = 410
    sentence = gettext_noop("The assistant “{assistant}” was withdrawn. Look for another one among the assistants.")


class TooMuchAsked(Refusal):
    """The question is longer than the assistant takes."""

    code = "question_too_long"
    status = 400
    sentence = gettext_noop("This is {characters} characters long; this assistant takes {most}. Send it in parts.")


def is_assistant(name: str) -> bool:
    """This will tell whether a name asks for an assistant instead of a model."""
    return name.startswith(PREFIX)


def name_of(version: AssistantVersion) -> str:
    """This will return the name that means this one version for ever: assistant/<slug>@<version>."""
    return f"{version.assistant.model_id}@{version.version}"


def remembered(name: str, caller: Caller) -> AssistantVersion | None:
    """This will return what this process still remembers, without the database; None means that `find` must be asked.

    Raises `UnknownModel`.
    """
    until, version = _memory.known.get((caller.account_id, name), (0.0, None))
    if version is None or until < time.monotonic():
        return None
    if not is_for(version.assistant, caller):
        raise UnknownModel(model=name[:LONGEST_TOLD])
    return version


def find(name: str, caller: Caller) -> AssistantVersion:
    """This will return the version that `name` means to a caller: the newest, or the one behind the "@".

    What is not for the caller sounds as if it were not there. Raises `UnknownModel` and `Withdrawn`.
    """
    known, until = _memory.known, time.monotonic() + REMEMBERED_SECONDS
    asked = _NAME.fullmatch(name)
    assistant = _meant(asked[1], caller) if asked else None
    version = _version(assistant, number=int(asked[2] or 0)) if asked and assistant else None
    if assistant is None or version is None:
        raise UnknownModel(model=name[:LONGEST_TOLD])
    if assistant.withdrawn_at is not None:
        raise Withdrawn(assistant=assistant.name)
    if assistant.is_on_shelf:
        _remember(known, (caller.account_id, name), version, until=until)
    return version


def is_for(assistant: Assistant, caller: Caller) -> bool:
    """This will tell whether it is meant for a caller's kind of account, and for children where one calls.

    A child who calls for one thing reaches what is for that alone, as their guardians decide by it.
    """
    is_meant = assistant.account_id is not None or assistant.audience in {
        Assistant.Audience.EVERYONE,
        caller.account_kind,
    }
    if not caller.tier:
        return is_meant
    return is_meant and assistant.is_for_children and caller.scenario_id in {None, assistant.scenario_id}


def forget() -> None:
    """This will make the next question look into the database again."""
    _memory.known = {}


def unfold(version: AssistantVersion, request: ChatRequest, *, offer: Offer) -> ChatRequest:
    """This will put the prompt before all that is said, and keep the request within the assistant's bounds.

    `offer` is that of the version's model. Raises `TooMuchAsked`.
    """
    question = _question(request.messages)
    most = version.longest_question_characters
    if most is not None and len(question) > most:
        raise TooMuchAsked(characters=len(question), most=most)
    prompt = {"role": "system", "content": version.prompt_for(question)}
    return replace(
        request,
        model=version.model_name,
        messages=[prompt, *request.messages],
        max_output_tokens=_longest_answer(version, request, offer=offer),
        temperature=request.temperature if version.temperature is None else float(version.temperature),
    )


def spoken_by(version: AssistantVersion, caller: Caller) -> Caller:
    """This will let a call be for the assistant's scenario, unless the caller or their key says what it is for.

    The version must come with its assistant and that with its scenario: nothing is looked up.
    """
    purpose = version.assistant.purpose
    if caller.scenario_id is not None or purpose is None:
        return caller
    return copied(caller, scenario_id=purpose.pk)


def note(call_id: UUID, version_id: int) -> None:
    """This will write down through which assistant a call was made, for its receipt."""
    AssistantCall.objects.get_or_create(call_id=call_id, defaults={"version_id": version_id})


def _meant(slug: str, caller: Caller) -> Assistant | None:
    """The first of this slug that can be asked, one's own draft too; one that was withdrawn where there is no other."""
    known = [
        each
        for each in Assistant.objects.named(slug, account_id=caller.account_id)
        if is_for(each, caller)
        and (each.published_at is not None or (each.account_id is not None and _is_maker(caller)))
    ]
    return min(known, key=lambda each: each.withdrawn_at is not None, default=None)


def _version(assistant: Assistant, *, number: int) -> AssistantVersion | None:
    versions = assistant.versions.order_by("-version").select_related("assistant__scenario")
    return (versions.filter(version=number) if number else versions).first()


def _is_maker(caller: Caller) -> bool:
    member = Member.objects.active().select_related("account").filter(pk=caller.member_id).first()
    return member is not None and may_make(member)


def _remember(known: _Known, key: tuple[int, str], version: AssistantVersion, *, until: float) -> None:
    with _memory.lock:
        while len(known) >= MOST_REMEMBERED:
            known.pop(next(iter(known)))
        known[key] = (until, version)


def _question(messages: list[Json]) -> str:
    """The last words of the caller's; what is said in pieces is one question."""
    said = next((message for message in reversed(messages) if message.get("role") == "user"), {})
    content = said.get("content") or ""
    return content if isinstance(content, str) else "".join(part.get("text") or "" for part in content)


def _longest_answer(version: AssistantVersion, request: ChatRequest, *, offer: Offer) -> int | None:
    if version.max_output_tokens is None:
        return request.max_output_tokens
    own = min(version.max_output_tokens, offer.max_output_tokens)
    return min(own, request.max_output_tokens or own)
