"""How people come into an account, and how it gets another owner: asked first, never put in."""

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account, Department, Member
from accounts.models.message import Letter
from portal.kit.moves import moves

INVITATION_MOVES = moves(
    open="asked accepted withdrawn",
    asked="accepted declined withdrawn",
    accepted="",
    declined="",
    withdrawn="",
)
OFFER_MOVES = moves(open="accepted declined withdrawn", accepted="", declined="", withdrawn="")


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Questions about invitations."""

    def seen_by(self, member: Member) -> Self:
        """This will keep what `member` may see: an owner the account's, a head their own into the departments led."""
        invitations = self.filter(account=member.account_id)
        if member.role == Member.Role.OWNER:
            return invitations
        if member.role == Member.Role.HEAD:
            led = Department.objects.below(member.department_id or 0)
            return invitations.filter(invited_by=member.user_id, department__in=led)
        return invitations.none()

    def pending(self, *, now: datetime) -> Self:
        """This will keep those that somebody can still accept, or that wait for a yes."""
        return self.unanswered().filter(expires_at__gt=now)

    def unanswered(self) -> Self:
        """This will keep those that nobody has ended, in time or not."""
        return self.filter(state__in=[Invitation.State.OPEN, Invitation.State.ASKED])


class Invitation(Letter):
    """A place that is kept for somebody: a role, perhaps a department, and what they may use.

    Its link opens nothing by itself: who accepts must own the address that it was sent to, and who scanned it from
    a screen waits until the owner says yes. The link's secret is derived (`accounts.tickets`), never stored.
    """

    class Way(models.TextChoices):
        EMAIL = "email", _("E-mail")
        PHONE = "phone", _("Text message")
        SCREEN = "screen", _("Code on the screen")

    class State(models.TextChoices):
        OPEN = "open", _("open")
        ASKED = "asked", _("waits for your yes")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")

    account = models.ForeignKey(Account, models.PROTECT, related_name="invitations", verbose_name=_("account"))
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("invited by")
    )
    way = models.CharField(_("way"), max_length=6, choices=Way)
    contact = models.CharField(_("sent to"), max_length=254, blank=True)
    name = models.CharField(_("name"), max_length=100, blank=True)
    role = models.CharField(_("role"), max_length=10, choices=Member.Role)
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("department")
    )
    monthly_microcredits = models.BigIntegerField(_("microcredits a month"), null=True, blank=True)
    edition = models.PositiveSmallIntegerField(_("edition of the link"), default=1)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.OPEN)
    created_at = models.DateTimeField(_("made"))
    listed_at = models.DateTimeField(_("came with a file"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"))
    asked_at = models.DateTimeField(_("asked"), null=True, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("asked by")
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("ended by")
    )
    member = models.ForeignKey(
        Member, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("became")
    )

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering: ClassVar[list[str]] = ["-created_at", "-pk"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(name="invitation_to_send", fields=["created_at"], condition=Q(sent_at=None, state="open")),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="invitation_way_has_contact",
                condition=(Q(way="screen") & Q(contact="")) | (Q(way__in=["email", "phone"]) & ~Q(contact="")),
            ),
            models.CheckConstraint(
                name="invitation_role", condition=Q(role__in=["bill_payer", "head", "adult", "auditor"])
            ),
            models.CheckConstraint(
                name="invitation_state",
                condition=Q(state="open", ended_at=None, member=None)
                | Q(state="asked", asked_at__isnull=False, asked_by__isnull=False, ended_at=None, member=None)
                | Q(state="accepted", ended_at__isnull=False, ended_by__isnull=False, member__isnull=False)
                | Q(state__in=["declined", "withdrawn"], ended_at__isnull=False, ended_by__isnull=False, member=None),
            ),
            models.CheckConstraint(
                name="invitation_quota_sane",
                condition=Q(monthly_microcredits=None)
                | Q(monthly_microcredits__gte=0, monthly_microcredits__lte=10**16),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.contact or str(self.member or self.asked_by or self.get_way_display())


class OwnershipOfferQuerySet(models.QuerySet["OwnershipOffer"]):
    """Questions about offers of ownership."""

    def standing(self, *, now: datetime) -> Self:
        """This will keep those that can be accepted: open, in time, and made by who owns the account still."""
        by_owner = Q(offered_by__role=Member.Role.OWNER, offered_by__left_at=None)
        return self.filter(by_owner, state=OwnershipOffer.State.OPEN, expires_at__gt=now)


class OwnershipOffer(models.Model):
    """An owner asks a member to own the account too, or instead of them; nothing happens without a yes."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")

    account = models.ForeignKey(Account, models.PROTECT, related_name="ownership_offers", verbose_name=_("account"))
    member = models.ForeignKey(Member, models.PROTECT, related_name="ownership_offers", verbose_name=_("to"))
    offered_by = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("by"))
    is_handover = models.BooleanField(_("the offering owner steps down"), default=False)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.OPEN)
    created_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("expires"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = OwnershipOfferQuerySet.as_manager()

    class Meta:
        verbose_name = _("offer of ownership")
        verbose_name_plural = _("offers of ownership")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(name="ownership_offered_once", fields=["member"], condition=Q(state="open")),
            models.CheckConstraint(
                name="ownership_offer_state",
                condition=Q(state="open", ended_at=None)
                | Q(state__in=["accepted", "declined", "withdrawn"], ended_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} ({self.state})"
