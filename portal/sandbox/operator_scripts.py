"""How the sandbox operator behaves: by the phone number, or by what it was told through its control address."""

SCRIPTED_SERIES = "+86155005550"
SCRIPT = {
    "00": "approve",
    "01": "approve_soon",
    "02": "deny",
    "03": "ceiling",
    "04": "unknown_number",
    "05": "hang_after",
    "06": "fail_before",
    "07": "wrong_amount",
    "08": "wrong_currency",
    "09": "deny_soon",
    "10": "hang_before",
    "11": "unauthorized_amount",
    "12": "garbage",
    "13": "code",
    "14": "code_soon",
    "15": "open_page",
    "16": "approve confirm_soon",
    "17": "approve confirm_deny",
    "18": "approve confirm_deny_soon",
    "19": "approve confirm_hang_after",
    "20": "approve expire_soon",
    "21": "approve_soon event_twice",
    "22": "approve_soon event_late",
    "23": "approve_soon event_never",
    "24": "approve event_reversed",
    "25": "approve_soon event_forged",
    "26": "not_applicable",
    "27": "too_many_requests",
    "30": "approve refund_soon",
    "31": "approve refund_deny_soon",
    "32": "approve refund_in_bill",
    "33": "approve refund_deny",
    "34": "approve refund_ineligible",
    "35": "approve refund_ceiling",
    "36": "approve refund_hang_after",
    "37": "approve refund_ask",
    "40": "approve unasked",
    "41": "approve list_amount",
    "42": "told_denied",
    "43": "approve unlisted",
}
WORDS = frozenset(word for script in SCRIPT.values() for word in script.split()) | {"ask"}
PAID_AT_ONCE = frozenset({"approve", "wrong_amount", "wrong_currency", "hang_after"})
SOON_SECONDS = 1.5

Script = frozenset[str]


class Scripts:
    """The script of each phone: what the control address said, else its last two digits, else `ask`."""

    def __init__(self) -> None:
        self._told: dict[str, Script] = {}

    def tell(self, phone: str, script: str) -> None:
        """This will let the phone behave by these words from now on. Raises `ValueError` for an unknown word."""
        words = frozenset(script.split())
        if not words or not words <= WORDS:
            wrong = f"no such script: {script!r}; the words are {' '.join(sorted(WORDS))}"
            raise ValueError(wrong)
        self._told[phone] = words

    def of(self, phone: str) -> Script:
        """This will return the words by which the operator treats this phone."""
        if phone in self._told:
            return self._told[phone]
        by_digits = SCRIPT.get(phone[-2:], "ask") if phone.startswith(SCRIPTED_SERIES) else "ask"
        return frozenset(by_digits.split())
