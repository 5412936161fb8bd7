"""The papers that addresses can name: invoices, titles, e-fapiao, and the month of a bill."""

from plans import fapiaos
from plans.models import InvoiceTitle
from tests.plans import papers
from tests.strangers.cast import Cast
from tests.strangers.things import Thing


def papers_of(cast: Cast) -> dict[str, list[Thing]]:
    """Invoices, titles and e-fapiao with their files, and the month that has a bill of everybody."""
    kept: dict[str, list[Thing]] = {"invoice": [], "title": [], "fapiao": []}
    for name in ("owner", "stranger", "parent"):
        buyer, now = cast.members[name], cast.now
        fapiao = papers.fapiao_of(buyer, now=now)
        invoice = fapiao.parts.get().invoice
        title = InvoiceTitle.objects.get(account=buyer.account)
        fapiaos.note_handed_over(fapiao, now=now)
        fapiaos.issue(fapiao, number="1", content=b"%PDF-", by=None, reason="", now=now)
        kept["invoice"].append(Thing(name, (invoice.number,), account_id=buyer.account_id))
        kept["title"].append(Thing(name, (title.pk,), account_id=buyer.account_id))
        kept["fapiao"].append(Thing(name, (fapiao.pk,), account_id=buyer.account_id))
    month = cast.members["owner"].account.local_day(cast.now)
    return kept | {"month": [Thing("everybody's month", (month.year, month.month))]}
