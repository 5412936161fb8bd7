"""What tells a stranger who somebody is or where to find them: numbers, addresses, a school with a class and a name.

Every pattern is of bounded width and repeats nothing that itself repeats, so that the time it takes grows with the
length of the text alone.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

SHORTEST_NUMBER = 7
SHORTEST_INTERNATIONAL = 9
LONGEST_INTERNATIONAL = 15
"""Digits; the longest is that of E.164."""

_ID_WEIGHTS = tuple(pow(2, place, 11) for place in range(17, 0, -1))
_ID_CHECKS = "10x98765432"


def is_in(plain_text: str, *, squeezed_text: str) -> bool:
    """This will tell whether personal data is in a text, given in both forms that `folding` makes of it."""
    return any(rule.is_in(plain_text) for rule in PLAIN_RULES) or any(
        rule.is_in(squeezed_text) for rule in SQUEEZED_RULES
    )


def is_id_card(written: str) -> bool:
    """This will tell whether the 18 digits are a mainland ID card's: GB 11643-1999, ISO 7064 MOD 11-2."""
    digits = written.replace(" ", "").replace("-", "")
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, digits[:-1], strict=True))
    return _ID_CHECKS[total % 11] == digits[-1]


def is_bank_card(written: str) -> bool:
    """This will tell whether the digits pass the check of ISO/IEC 7812-1, the formula of Luhn."""
    digits = [int(digit) for digit in _digits(written)]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[::-2]) + sum(doubled)) % 10 == 0 and not _is_round(written)


def is_phone(written: str) -> bool:
    """This will tell a phone number from a great round figure, such as the age of the universe."""
    return len(_digits(written)) >= SHORTEST_NUMBER and not _is_round(written)


def is_international(written: str) -> bool:
    """This will tell whether what follows a plus has the digits of a country, a place and a line."""
    if max(map(len, re.findall("[0-9]+", written))) > LONGEST_INTERNATIONAL:
        return False
    return len(_digits(written)) >= SHORTEST_INTERNATIONAL and is_phone(written)


def _digits(written: str) -> str:
    return re.sub("[^0-9]", "", written)


def _is_round(written: str) -> bool:
    return _digits(written).endswith("000000")


def _always(_written: str) -> bool:
    return True


@dataclass(frozen=True)
class Rule:
    """A pattern, and the check that what it finds has to pass."""

    pattern: re.Pattern[str]
    confirms: Callable[[str], bool]

    def is_in(self, text: str) -> bool:
        """This will tell whether anything in the text breaks the rule."""
        return any(self.confirms(match.group()) for match in self.pattern.finditer(text))


def _rule(*parts: str, confirms: Callable[[str], bool] = _always) -> Rule:
    return Rule(re.compile("".join(parts)), confirms)


# --- digits, in the plain text -------------------------------------------------------------------------
_ALONE = "(?<![0-9])"
_NO_DECIMAL = r"(?<![0-9])(?<![0-9]\.)"
_END = "(?![0-9])"
_BIRTHDAY = "(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_FOUR = "[ -][0-9]{4}"

_ID_CARD = _rule(_ALONE, "[0-9]{6}[ -]?", _BIRTHDAY, "[ -]?[0-9]{3}[0-9x](?![0-9a-z])", confirms=is_id_card)
_MOBILE = _rule(
    *(_NO_DECIMAL, "(?:(?:00)?86[ -]?)?1[3-9][0-9][ .-]?[0-9]{4}[ .-]?[0-9]{4}", _END),
    confirms=is_phone,
)
_MOBILE_BY_DIGIT = _rule(_ALONE, "1[ .-][3-9](?:[ .-][0-9]){9}", _END)
_LANDLINE = _rule(_ALONE, "0[1-9][0-9]{1,2}-[0-9]{7,8}", _END)
_AMERICAN = _rule(_ALONE, r"(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[.-])[0-9]{3}[.-][0-9]{4}", _END)
_INTERNATIONAL = _rule(r"(?<![0-9a-z+])\+ ?[1-9][0-9 ().-]{7,24}", confirms=is_international)
_MY_NUMBER = _rule(
    "(?<![a-z])(?:my (?:phone |mobile |cell |telephone |home )?(?:number|phone|mobile|cell) is|",
    "(?:call|text) me (?:at|on)) [0-9+(][0-9 ().-]{5,20}",
    confirms=is_phone,
)
# No country's bank cards begin with the digits that are left out here.
_CARD = _rule(_NO_DECIMAL, "(?:[3-6][0-9]|2[2-7]|81|95)[0-9]{11,17}", _END, confirms=is_bank_card)
_CARD_IN_FOURS = _rule(
    *(_ALONE, "(?:[3-6][0-9]|2[2-7]|81|95)[0-9]{2}", _FOUR, _FOUR, _FOUR, "(?:[ -][0-9]{1,3})?", _END),
    confirms=is_bank_card,
)
_CARD_OF_15 = _rule(_ALONE, "3[0-9]{3}[ -][0-9]{6}[ -][0-9]{5}", _END, confirms=is_bank_card)

# --- words, in the plain text --------------------------------------------------------------------------
_NAME_EN = "(?<![a-z])(?:my name is|im called) "
_SCHOOL_EN = "(?:school|academy|college)(?![a-z])"
_CLASS_EN = "(?:(?:class|grade|year|form) [0-9]|[0-9](?:st|nd|rd|th) grade)"
_STREET_EN = (
    "(?:street|st|road|rd|avenue|ave|lane|drive|close|court|way|place|square|crescent|terrace|boulevard|blvd|gardens)"
)

# Hosts named example are kept for examples by RFC 2606.
_EMAIL = _rule(r"[a-z0-9_%+-]@(?!example\.)[a-z0-9][a-z0-9-]{0,62}\.[a-z]{2}")
_EMAIL_IN_WORDS = _rule(r"[a-z0-9] [(\[]?at[)\]]? [a-z0-9-]{2,30} [(\[]?dot[)\]]? (?:com|net|org|edu|cn)(?![a-z])")
_ADDRESS_EN = _rule(
    "(?<![a-z])(?:(?:i|we) live (?:at|on|in)|(?:my|our) (?:home |house )?address is) ",
    r"(?:number |no\.? ?|(?:flat|apartment|apt|unit|room) [0-9a-z]{1,4},? )?[0-9]{1,5}[a-z]?,? ",
    f"[a-z.-]{{1,12}} (?:[a-z.-]{{1,12}} )?(?:[a-z.-]{{1,12}} )?{_STREET_EN}(?![a-z])",
)
_SCHOOL_THEN_CLASS_EN = _rule(_NAME_EN, "[a-z ,.-]{2,36}", _SCHOOL_EN, "[a-z ,.-]{1,20}", _CLASS_EN)
_CLASS_THEN_SCHOOL_EN = _rule(_NAME_EN, "[a-z ,.-]{2,28}", _CLASS_EN, "[a-z]?[a-z ,.-]{1,30}", _SCHOOL_EN)

# --- Chinese, in the squeezed text, where a line break stands for the end of a clause ------------------
_SMALL = "[0-9一二三四五六七八九十百]"
_SCHOOL_ZH = "(?:小学|中学|学校|高中|初中|附中)"
_CLASS_ZH = f"{_SMALL}{{1,3}}班"
_NOT_A_NAME = "(?!一|学生|小学生|中学生|同学|老师|班长|新生|小朋友|成员)"

_MOBILE_ZH = _rule(
    "(?<![零〇一二两三四五六七八九十百千万])[一幺][三四五六七八九][零〇一幺二两三四五六七八九]{9}(?![十百千万])"
)
_MY_NUMBER_ZH = _rule("我的(?:qq|电话|手机|座机)(?:号码|号)?[是为]?\n?[0-9]{5,20}")
_MY_WECHAT_ZH = _rule("我的微信(?:号码|号)[是为]?\n?[a-z0-9]{6,20}")
_ADDRESS_ZH = _rule(
    "(?:我们?家?(?:现在)?就?住在?|我们?家就?在|我们?家?的?(?:家庭)?(?:住址|地址)|家庭(?:住址|地址))[是为在]?\n?",
    "[^\n]{2,24}(?:路|街|道|巷|弄|胡同|村|镇|小区|花园|公寓|大院)",
    f"[^\n]{{0,10}}{_SMALL}{{1,4}}(?:号(?!线|公交)|栋|幢|弄|单元|室|座)",
)
_NAME_THEN_SCHOOL_ZH = _rule(
    f"我(?:叫|名叫|的名字[叫是])[^\n]{{2,8}}\n?[^\n]{{0,12}}{_SCHOOL_ZH}[^\n]{{0,8}}{_CLASS_ZH}"
)
_SCHOOL_THEN_NAME_ZH = _rule(f"{_SCHOOL_ZH}[^\n]{{0,8}}{_CLASS_ZH}\n?[^\n]{{0,4}}我(?:叫|的名字[叫是])")
_SCHOOL_OF_NAME_ZH = _rule(f"我是[^\n]{{2,16}}{_SCHOOL_ZH}[^\n]{{0,8}}{_CLASS_ZH}的", _NOT_A_NAME, "[一-龥]{2}")

PLAIN_RULES = (
    *(_ID_CARD, _MOBILE, _MOBILE_BY_DIGIT, _LANDLINE, _AMERICAN, _INTERNATIONAL, _MY_NUMBER),
    *(_CARD, _CARD_IN_FOURS, _CARD_OF_15, _EMAIL, _EMAIL_IN_WORDS),
    *(_ADDRESS_EN, _SCHOOL_THEN_CLASS_EN, _CLASS_THEN_SCHOOL_EN),
)
SQUEEZED_RULES = (
    *(_MOBILE_ZH, _MY_NUMBER_ZH, _MY_WECHAT_ZH, _ADDRESS_ZH),
    *(_NAME_THEN_SCHOOL_ZH, _SCHOOL_THEN_NAME_ZH, _SCHOOL_OF_NAME_ZH),
)
