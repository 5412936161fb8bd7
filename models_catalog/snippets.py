"""A first call to a model in three languages, ready to copy."""

from dataclasses import dataclass
from string import Template

_CURL = Template("""\
curl $base/chat/completions \\
  -H "Authorization: Bearer $$API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "$model", "messages": [{"role": "user", "content": "Hello"}]}'""")
_PYTHON = Template("""\
import os

from openai import OpenAI

client = OpenAI(base_url="$base", api_key=os.environ["API_KEY"])
answer = client.chat.completions.create(
    model="$model",
    messages=[{"role": "user", "content": "Hello"}],
)
print(answer.choices[0].message.content)""")
_NODE = Template("""\
import OpenAI from "openai";

const client = new OpenAI({ baseURL: "$base", apiKey: process.env.API_KEY });
const answer = await client.chat.completions.create({
  model: "$model",
  messages: [{ role: "user", content: "Hello" }],
});
console.log(answer.choices[0].message.content);""")


@dataclass(frozen=True)
class Snippet:
    """A piece of code; `name` is that of the language, which is the same in every language of people."""

    name: str
    code: str

    @property
    def anchor(self) -> str:
        """The id of the element that shows it."""
        return f"snippet-{self.name.lower()}"


def snippets(model: str, *, base: str) -> list[Snippet]:
    """This will write a first call to the model with the id `model` at the API under `base`."""
    texts = {"curl": _CURL, "Python": _PYTHON, "Node": _NODE}
    return [Snippet(name, text.substitute(base=base, model=model)) for name, text in texts.items()]
