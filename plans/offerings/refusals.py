"""The reasons for which terms are not published."""

from portal.kit.refusals import Refusal, gettext_noop


class NameTaken(Refusal):
    """A page of the portal stands where the page of the offering would."""

    code = "offering_name_taken"
    status = 409
    sentence = gettext_noop("A page of this portal is called “{slug}”. Please give the offering another short name.")


class BeginsInThePast(Refusal):
    """Terms cannot begin before they are published."""

    code = "terms_in_the_past"
    status = 409
    sentence = gettext_noop("Terms can only begin now or later. Please choose a later moment.")


class OneLanguage(Refusal):
    """A text is missing in one of the two languages."""

    code = "terms_in_one_language"
    status = 409
    sentence = gettext_noop("“{text}” is there in one language only. Please write it in English and in Chinese.")


class NoModels(Refusal):
    """No published model fits any of the patterns."""

    code = "offering_without_models"
    status = 409
    sentence = gettext_noop("No published model fits {patterns}. Correct the patterns, or publish the models first.")


class NotTokens(Refusal):
    """The word "tokens" would promise more than the credits give."""

    code = "offering_says_tokens"
    status = 409
    sentence = gettext_noop(
        "This may not say “tokens”: none of its models can be called at one credit a token or less, in and out. "
        "Say credits or points, or connect such a model first."
    )


class TooLargeShares(Refusal):
    """The parts of what is earned are more than the whole."""

    code = "fees_too_large"
    status = 409
    sentence = gettext_noop(
        "The fees of platform and channel are more than all that is earned. Please lower one of them."
    )


class FreeWithoutEnd(Refusal):
    """Something would be given away without an end."""

    code = "free_without_end"
    status = 409
    sentence = gettext_noop("What costs nothing needs a number of times that an account may take it. Please give one.")


class NotAPack(Refusal):
    """What is to be bought by itself is no pack on sale in the same currency."""

    code = "no_such_pack"
    status = 409
    sentence = gettext_noop("“{slug}” is no pack that is sold in this currency. Name one that stands on the shelf.")


class DearerTooSoon(Refusal):
    """Standing plans would cost more, hold less or last shorter without notice."""

    code = "dearer_without_notice"
    status = 409
    sentence = gettext_noop(
        "{number} standing plans use this offering, and these terms cost more, hold less or last shorter. "
        "They can begin {days} days from now at the earliest, so that everybody is told in time."
    )
