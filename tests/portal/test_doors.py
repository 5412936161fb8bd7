"""What stands at the doors: addresses that nothing can store, keys in addresses, paths that machines mistype."""

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import get_resolver

KEY = "ck-" + "x" * 43


@pytest.mark.django_db
class TestAddresses:
    @pytest.mark.parametrize("path", ["/models/a%00b/", "/?x=%00", "/demo/messages/?recipient=%00"])
    def test_with_a_nul_are_refused_before_any_view(self, client: Client, path: str) -> None:
        assert client.get(path).status_code == 400

    @pytest.mark.parametrize("query", [f"key={KEY}", f"api_key={KEY}", f"x=%63k-{'x' * 43}"])
    def test_with_a_key_are_refused_and_the_key_is_not_repeated(self, client: Client, query: str) -> None:
        answer = client.get(f"/v1/models?{query}", headers={"authorization": f"Bearer {KEY}"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "key_in_address")
        assert KEY not in answer.content.decode()


@pytest.mark.django_db
class TestMachines:
    @pytest.mark.parametrize(
        "path", ["/v1/nowhere", "/v1/chat/completions/", "/v1//models", "/v1/calls/x", "/v1/embeddings"]
    )
    @pytest.mark.parametrize("method", ["get", "post", "delete"])
    def test_read_json_where_nothing_is(self, client: Client, method: str, path: str) -> None:
        answer = getattr(client, method)(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
        assert not answer.cookies

    @pytest.mark.parametrize("method", ["get", "put", "options"])
    @pytest.mark.parametrize(
        "path", ["/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/messages/count_tokens"]
    )
    def test_are_told_to_post_where_calls_are_made(self, client: Client, method: str, path: str) -> None:
        answer = getattr(client, method)(path, headers={"origin": "https://evil.example"})
        assert (answer.status_code, answer["Allow"]) == (405, "POST")
        assert "POST" in answer.json()["error"]["message"]
        assert "Access-Control-Allow-Origin" not in answer

    @pytest.mark.parametrize(("path", "kind"), [("/v1/messages", "error"), ("/v1/chat/completions", None)])
    def test_read_errors_in_the_shape_of_the_endpoint(self, client: Client, path: str, kind: str | None) -> None:
        assert client.get(path).json().get("type") == kind

    def test_find_every_path_in_the_documents(self, client: Client) -> None:
        paths = client.get("/v1/openapi.json").json()["paths"]
        reading = {"models", "models/{name}", "calls/{call_id}", "balance", "key"}
        managing = {"keys", "keys/{key_id}/revocation", "usage"}
        calling = {"chat/completions", "responses", "messages", "messages/count_tokens"}
        assert set(paths) == {f"/v1/{name}" for name in reading | managing | calling}
        ask = paths["/v1/chat/completions"]["post"]
        assert "messages" in ask["requestBody"]["content"]["application/json"]["schema"]["properties"]
        assert {"200", "402", "429"} <= set(ask["responses"])
        items = paths["/v1/responses"]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert {"model", "input", "instructions", "tools"} <= set(items["properties"])
        tell = paths["/v1/messages"]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert {"max_tokens", "system", "tools"} <= set(tell["properties"])

    def test_get_nothing_by_the_cookie_of_a_person(self, admin_client: Client) -> None:
        assert admin_client.get("/v1/balance").status_code == 401


@pytest.mark.django_db
class TestPeople:
    def test_change_nothing_without_the_token_of_the_page(self, django_user_model: type) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(django_user_model.objects.create_user("who@example.com"))  # type: ignore[attr-defined] # our manager
        for path in ("/language/", "/keys/", "/people/me/", "/chat/", "/accounts/logout/", f"/chat/{uuid4()}/turns/"):
            assert strict.post(path, {"text": "x"}).status_code == 403, path

    def test_reach_only_the_machines_paths_without_it(self) -> None:
        exempt = {name for name, view in _views() if getattr(view, "csrf_exempt", False)}
        assert all(name.startswith(("v1/", "payments/<slug:way>/messages/")) for name in exempt), exempt


def _views() -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    waiting = [("", entry) for entry in get_resolver().url_patterns]
    while waiting:
        before, entry = waiting.pop()
        name = before + str(entry.pattern)
        if hasattr(entry, "url_patterns"):
            waiting += [(name, inner) for inner in entry.url_patterns]
        else:
            found.append((name, entry.callback))
    return found
