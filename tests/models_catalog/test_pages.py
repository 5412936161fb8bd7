"""The pages of the catalog, as a stranger sees them."""

from typing import Any

import pytest
from django.test import Client

from models_catalog import upstreams
from models_catalog.models import ChatModel, Upstream
from portal.kit import clock
from tests import kept
from tests.models_catalog.small_seed import well_known
from tests.models_catalog.test_catalog import HERE

pytestmark = pytest.mark.django_db


@pytest.fixture
def _shelf() -> None:
    """The demo's catalog."""
    kept.catalog(now=clock.now(), addresses=HERE)
    well_known()


def text_of(client: Client, url: str, status: int = 200, **headers: Any) -> str:
    """The page behind `url`."""
    response = client.get(url, headers=headers)
    assert response.status_code == status
    return response.content.decode()


@pytest.mark.usefixtures("_shelf")
class TestModel:
    """The pages /models/<slug>/."""

    def test_shows_price_facts_data_and_snippets(self, client: Client) -> None:
        page = text_of(client, "/models/demo-fast/")
        for words in ("300,000", "×0.3", "32,768", "stays on this machine", "/v1/chat/completions", "demo-fast"):
            assert words in page
        assert "300 credits" in page  # 400 and 600 tokens at 0.3

    def test_of_a_model_without_a_route_says_so(self, client: Client) -> None:
        page = text_of(client, "/models/gpt-4o/")
        assert "Not connected on this portal" in page
        assert "128,000" in page
        assert "curl" not in page

    def test_takes_ids_with_slashes_and_colons(self, client: Client) -> None:
        ChatModel.objects.filter(slug="gpt-4o").update(slug="openai/gpt-4o:free")
        assert "GPT-4o" in text_of(client, "/models/openai/gpt-4o:free/")

    def test_is_not_there_for_unknown_and_hidden_models(self, client: Client) -> None:
        text_of(client, "/models/no-such-model/", 404)
        text_of(client, "/models/demo-everyday/", 404)

    def test_escapes_what_staff_wrote(self, client: Client) -> None:
        ChatModel.objects.filter(slug="gpt-4o").update(summary="<script>alert(1)</script>")
        assert "<script>alert" not in text_of(client, "/models/gpt-4o/") + text_of(client, "/models/")


@pytest.mark.usefixtures("_shelf")
class TestAdmin:
    """The catalog's desk."""

    def test_never_shows_a_secret(self, admin_client: Client, settings: Any) -> None:
        settings.DEMO = settings.EGRESS_LOOPBACK = True
        upstream = Upstream.objects.get(slug="sandbox")
        form = {
            "slug": "sandbox",
            "name": "Sandbox",
            "dialect": "openai_compatible",
            "base_url": "http://127.0.0.1:7002/v1",
            "concurrency": 5,
            "first_byte_timeout_seconds": 5,
            "idle_timeout_seconds": 5,
            "hard_deadline_seconds": 50,
            "on_leave": "cancel",
            "reason": "calm",
        }
        url = f"/admin/models_catalog/upstream/{upstream.pk}/change/"
        upstreams.seal_secret(upstream, secret="sk-written-once")
        assert admin_client.post(url, form).status_code == 302
        assert upstreams.open_secret(Upstream.objects.get(pk=upstream.pk)) == "sk-written-once"
        assert "sk-written-once" not in text_of(admin_client, url)
        wrong = admin_client.post(url, form | {"base_url": "http://169.254.169.254/v1"})
        assert "private network" in wrong.content.decode()
