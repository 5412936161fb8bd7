"""Short codes of calls: written, heard and found again."""

from uuid import UUID, uuid4

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from accounts.models import User
from models_catalog.pricing import Usage
from tests.plans.ledger import books
from tests.usage import cast
from tests.usage.cast import Home
from usage import codes


class TestCode:
    @given(st.uuids())
    def test_is_read_back_as_it_was_written(self, call_id: UUID) -> None:
        code = codes.code_of(call_id)
        assert len(code) == codes.LENGTH + 1
        assert codes.number_of(code) == codes.number_of(code.lower().replace("-", "")) == codes.number_of_call(call_id)

    def test_is_heard_with_letters_that_look_like_digits(self) -> None:
        assert codes.number_of("lO-iO1") == codes.number_of("10-101")

    @pytest.mark.parametrize("words", ["", "K7", "K7-3M", "K7-3M22", "K7 3M2", "K7-3U2", "小明", "family"])
    def test_is_nothing_else(self, words: str) -> None:
        assert codes.number_of(words) is None


@pytest.mark.django_db
class TestCall:
    def test_has_the_same_number_in_the_database(self) -> None:
        ids = [uuid4() for _ in range(20)]
        rows = books.fetch("SELECT call_number(u) FROM unnest(%s::uuid[]) AS u", ids)
        assert [number for (number,) in rows] == [codes.number_of_call(call_id) for call_id in ids]

    def test_is_found_by_staff(self, home: Home, client: Client, settings: Settings) -> None:
        settings.DEMO = True
        call, other = (cast.called(home.owner, used=Usage(in_fresh=11, out_text=90)) for _ in range(2))
        client.force_login(User.objects.create_superuser("staff@example.com", password="a long pass phrase"))
        page = client.get("/admin/usage/call/", {"q": codes.code_of(call.pk).lower()}).content.decode()
        assert str(call.pk) in page
        assert str(other.pk) not in page
