"""How the table is written: small words for what a role sees of what is its own, near, far, or somebody else's."""

from collections.abc import Mapping
from dataclasses import dataclass, field

SEEN, ASKED, REFUSED, ABSENT, LOCKED, SHUT = "seen", "asked to sign in", "refused", "absent", "locked", "shut"
SETS = {
    "led": "mine near",
    "all": "mine near far ward page",
    "any": "mine near far ward page common foreign",
}
"""Words for several relations; "!" before a word means refused, "?" asked to sign in. What no word names is absent."""
FLAT = {"never": REFUSED, "asked": ASKED, "locked": LOCKED}
"""Rules that say the same of everything, even of what does not exist."""
Rule = Mapping[str, str]


@dataclass(frozen=True)
class Row:
    """What one address takes, and who sees what there; a method without a rule is answered by 405."""

    kind: str = ""
    get: Rule | None = None
    post: Rule | None = None
    form: Mapping[str, object] = field(default_factory=dict)

    def rule(self, method: str) -> Rule | None:
        """This will return the rule of "get" or "post"."""
        return self.get if method == "get" else self.post


def may(*, of_all: str = "", **roles: str) -> Rule:
    """This will let members see what their role says; who belongs nowhere is refused, who is nobody signs in."""
    usual = dict.fromkeys(("owner", "payer", "auditor", "head", "adult", "child"), of_all)
    return {**usual, "nobody": "never", "anonymous": "asked", **roles}


def machine(**roles: str) -> Rule:
    """This will let keys see what they are for, and nobody else anything."""
    return {"key": "", "manager": "", "small_manager": "", "locked_out": "locked", **roles}


def everybody(rule: str = "any", **roles: str) -> Rule:
    """This will let everybody see it, people and machines, signed in or not."""
    return {**may(of_all=rule, nobody=rule, anonymous=rule), **dict.fromkeys(machine(), rule), **roles}


PUBLIC, HIDDEN = ALIKE = everybody(), everybody("")
"""Rules that ask nobody who they are: some of those who try are enough."""


def expected(rule: str, relation: str) -> str:
    """This will return what a rule says of one relation."""
    if rule in FLAT:
        return FLAT[rule]
    for word in rule.split():
        mark, name = (word[0], word[1:]) if word[0] in "!?" else ("", word)
        if relation in SETS.get(name, name).split():
            return {"": SEEN, "!": REFUSED, "?": ASKED}[mark]
    return ABSENT
