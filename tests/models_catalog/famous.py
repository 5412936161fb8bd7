"""A few models of other makers that are listed and not connected, as an import leaves them."""

from models_catalog.models import ChatModel, Vendor
from portal.kit import clock

VENDORS = {
    "openai": "OpenAI",
    "meta": "Meta",
    "google": "Google",
    "zhipu": "Zhipu AI",
    "mistral": "Mistral AI",
    "alibaba": "Alibaba Qwen",
    "deepseek": "DeepSeek",
    "moonshot": "Moonshot AI",
}
MODELS = (
    ("gpt-4o", "GPT-4o", "openai"),
    ("gpt-4.1", "GPT-4.1", "openai"),
    ("kimi-k2", "Kimi K2", "moonshot"),
    ("deepseek-v3.1", "DeepSeek V3.1", "deepseek"),
    ("qwen3-coder-480b-a35b", "Qwen3 Coder 480B A35B", "alibaba"),
)


def announce() -> None:
    """This will list them."""
    vendors = {
        slug: Vendor.objects.create(slug=slug, name=name, country="US" if slug in {"openai", "meta"} else "CN")
        for slug, name in VENDORS.items()
    }
    for slug, name, vendor in MODELS:
        sizes = {"context_tokens": 128_000, "max_output_tokens": 16_384}
        ChatModel.objects.create(slug=slug, name=name, vendor=vendors[vendor], published_at=clock.now(), **sizes)
