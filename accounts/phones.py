"""Phone numbers in the one form that is stored: E.164."""

import phonenumbers

from portal.kit.refusals import Refusal, gettext_noop

DEFAULT_REGION = "CN"
LONGEST = 32


class BadNumber(Refusal):
    """What was typed is no phone number anywhere."""

    code = "bad_phone_number"
    status = 400
    sentence = gettext_noop(
        "This is not a phone number that exists. Write 138 0013 8000, or +44 20 7946 0958 from abroad."
    )


def normal(typed: str) -> str:
    """This will return what was typed as E.164; without a country code it is a number of mainland China.

    Raises `BadNumber`.
    """
    try:
        number = phonenumbers.parse(typed[:LONGEST], DEFAULT_REGION)
    except phonenumbers.NumberParseException as error:
        raise BadNumber from error
    if not phonenumbers.is_valid_number(number):
        raise BadNumber
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
