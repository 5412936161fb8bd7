"""Opens the page of a model and reads what stands on it."""

from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from django.test import Client

from models_catalog.models import ChatModel, Vendor
from portal.kit import clock
from tests import kept
from tests.models_catalog.test_catalog import HERE

SVG = "{http://www.w3.org/2000/svg}"


def fill_shelf() -> datetime:
    """The demo's catalog and a model that is not connected, as they are at the moment that is returned."""
    kept.catalog(now=clock.now(), addresses=HERE)
    vendor = Vendor.objects.create(slug="openai", name="OpenAI", country="US")
    sizes = {"context_tokens": 128_000, "max_output_tokens": 16_384}
    ChatModel.objects.create(slug="gpt-4o", name="GPT-4o", vendor=vendor, published_at=clock.now(), **sizes)
    return clock.now()


def change(slug: str, **fields: Any) -> None:
    """Staff changed a model."""
    ChatModel.objects.filter(slug=slug).update(**fields)


def look(client: Client, slug: str, query: str = "", status: int = 200) -> Element:
    """The page of a model."""
    response = client.get(f"/models/{slug}/{query}")
    assert response.status_code == status
    tree: Element = html5lib.parse(response.content, namespaceHTMLElements=False)
    return tree


def words(element: Element) -> str:
    """What stands in an element, with single spaces."""
    return " ".join("".join(element.itertext()).split())


def one(tree: Element, path: str) -> Element:
    """The first element of a path."""
    found = tree.find(path)
    assert found is not None, path
    return found


def main(tree: Element) -> str:
    """What stands on the page between its bar and its foot."""
    return words(one(tree, ".//main"))


def links(tree: Element) -> list[str]:
    """Where the links of the page's middle lead."""
    return [each.attrib["href"] for each in one(tree, ".//main").iter("a")]


def rows(tree: Element) -> dict[str, list[str]]:
    """The first price table by class."""
    table = one(tree, ".//table[@class='cards rates']/tbody")
    return {words(row[0]): [words(cell) for cell in row[1:]] for row in table}


def curves(tree: Element) -> list[Element]:
    """The pictures of how it did."""
    return [picture for place in tree.findall(".//div[@class='curve']") for picture in place.iter(f"{SVG}svg")]
