"""A first call to a model in three languages and two dialects, ready to copy."""

from dataclasses import dataclass
from string import Template

_CURL = Template("""\
curl $base/v1/chat/completions \\
  -H "Authorization: Bearer $$API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "$model", "messages": [{"role": "user", "content": "Hello"}]}'""")
_PYTHON = Template("""\
import os

from openai import OpenAI

client = OpenAI(base_url="$base/v1", api_key=os.environ["API_KEY"])
answer = client.chat.completions.create(
    model="$model",
    messages=[{"role": "user", "content": "Hello"}],
)
print(answer.choices[0].message.content)""")
_NODE = Template("""\
import OpenAI from "openai";

const client = new OpenAI({ baseURL: "$base/v1", apiKey: process.env.API_KEY });
const answer = await client.chat.completions.create({
  model: "$model",
  messages: [{ role: "user", content: "Hello" }],
});
console.log(answer.choices[0].message.content);""")
_ANTHROPIC = Template("""\
import os

from anthropic import Anthropic

client = Anthropic(base_url="$base", api_key=os.environ["API_KEY"])
answer = client.messages.create(
    model="$model",
    max_tokens=512,
    messages=[{"role": "user", "content": "Hello"}],
)
print(answer.content[0].text)""")
_LANGUAGES = {"curl": _CURL, "Python": _PYTHON, "Node": _NODE, "Anthropic Python": _ANTHROPIC}


@dataclass(frozen=True)
class Snippet:
    """A piece of code; `name` is that of the language, which is the same in every language of people.

    `anchor` is the id of the element that shows it.
    """

    name: str
    code: str
    anchor: str


@dataclass(frozen=True)
class Calls:
    """The snippets that name one model or alias by `name`."""

    name: str
    snippets: tuple[Snippet, ...]


def calls(name: str, *, base: str, number: int = 0) -> Calls:
    """This will write a first call to the model or alias `name` at the portal under `base`.

    `number` keeps the anchors of several on one page apart.
    """
    ending = f"-{number}" if number else ""
    snippets = tuple(
        Snippet(
            language, text.substitute(base=base, model=name), f"snippet-{language.lower().replace(' ', '-')}{ending}"
        )
        for language, text in _LANGUAGES.items()
    )
    return Calls(name=name, snippets=snippets)
