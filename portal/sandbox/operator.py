"""A telephone operator for the demo and the tests: CAMARA Carrier Billing 0.5.0 and Refund 0.3.0 in memory.

  /carrier-billing/v0.5/payments…         one step: POST; two steps: POST /prepare, then /{id}/validate with the code
                                          of the message, /{id}/confirm or /{id}/cancel (both want {"phoneNumber": …});
                                          GET one, GET a list
  /carrier-billing-refund/v0.3/payments/{id}/refunds…   POST and GET, GET …/{refundId}, GET …/remaining-amount
  /inbox/?phone=+86…                      the phone itself: its messages with codes, what it is asked, its bill
  /control/                               POST {"phone": …, "script": …}, {"phone": …, "ceiling": 50} (null for none),
                                          {"forward_seconds": 900}; GET ?phone=… tells codes, states and events sent

Bearer: the token as it is (then the body names the phone), or `TOKEN:+86…` for a token of one phone (then it must not).
Events go to the `sink` of the request, else to the operator's own (`sink=`, or OPERATOR_SINK in the environment); they
show the accessToken of `sinkCredential` if the request has one, else OPERATOR_SINK_TOKEN.

Whoever holds the phone decides on its page. Numbers of the series `SCRIPTED_SERIES` (+86 155 0055 50…) decide by
themselves, by their last two digits; the control address gives any phone any of these words, several at once:

  00 approve             paid, or reserved, at once          01 approve_soon        after 1.5 seconds
  02 deny                403 PAYMENT_DENIED                  03 ceiling             422 …THRESHOLD_OVERPASSED
  04 unknown_number      404 IDENTIFIER_NOT_FOUND            05 hang_after          paid, and never answers
  06 fail_before         503, nothing happens                07 wrong_amount        takes 0.01
  08 wrong_currency      takes USD                           09 deny_soon           processing, then denied
  10 hang_before         nothing happens for 30 seconds      11 unauthorized_amount 422
  12 garbage             answers HTML                        ask (all other phones) one step: the page decides;
  13 code                the same as ask                        two steps: a code in a message, see the page
  14 code_soon           processing, then the code           15 open_page           validationInfo: open a page
  16 confirm_soon        confirmed after 1.5 seconds         17 confirm_deny        denied when confirmed
  18 confirm_deny_soon   denied 1.5 seconds later            19 confirm_hang_after  confirms, and never answers
  20 expire_soon         cancelled after 1.5 seconds, not after 15 minutes
  21 event_twice         every event two times               22 event_late          10 seconds late
  23 event_never         no event                            24 event_reversed      two steps: the last event first
  25 event_forged        with a wrong bearer
  26 not_applicable      422 SERVICE_NOT_APPLICABLE          27 too_many_requests   429
  30 refund_soon         refunds processing, then succeeded  31 refund_deny_soon    processing, then denied
  32 refund_in_bill      processing until the next bill      33 refund_deny         403 REFUND_DENIED
  34 refund_ineligible   403 PAYMENT_NOT_ELIGIBLE…           35 refund_ceiling      422
  36 refund_hang_after   refunds, and never answers          37 refund_ask          the page decides
  40 unasked             one more payment in the list        41 list_amount         the list says 1.00 more
  42 told_denied         told as denied, listed as paid      43 unlisted            paid, and not in the list

Of the numbers from 16 on, 21, 22, 23 and 25 approve a little later, 26, 27 and 42 do not, and all others at once.
"""

import asyncio
import hmac
from datetime import timedelta
from uuid import uuid4

from portal.sandbox import operator_control, operator_inbox, operator_payments, operator_returns
from portal.sandbox.operator_answers import NOT_FOUND, UNAUTHENTICATED, Answer, Refused
from portal.sandbox.operator_books import Books
from portal.sandbox.operator_charges import Charge
from portal.sandbox.operator_clock import Clock
from portal.sandbox.operator_course import Course, Sink
from portal.sandbox.operator_events import Courier, Event, Post, post
from portal.sandbox.operator_http import Message, Question, Receive, Send, read, send_answer
from portal.sandbox.operator_refunds import Refund
from portal.sandbox.operator_scripts import SCRIPT, SCRIPTED_SERIES

__all__ = ["SCRIPT", "SCRIPTED_SERIES", "Operator"]


class Operator:
    """An ASGI app; `token` is what its only client shows, `sink` where events go that name no address.

    `books`, and their `charges` and `refunds`, are there to be compared with; `requests` are the methods and paths
    that were asked of its interfaces, `events` what it told.
    """

    def __init__(self, token: str, *, sink: Sink | None = None, clock: Clock | None = None, post: Post = post) -> None:
        self._token = token
        self.clock = clock or Clock()
        self.books = Books(self.clock, sink=sink, heard=self._hear)
        self._courier = Courier(self.clock, post)
        self.requests: list[str] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def charges(self) -> dict[str, Charge]:
        """All payments by their ids, the oldest first."""
        return self.books.charges

    @property
    def refunds(self) -> dict[str, Refund]:
        """All refunds by their ids, the oldest first."""
        return self.books.refunds

    @property
    def events(self) -> list[Event]:
        """What was told, the oldest first."""
        return list(self._courier.sent)

    def forward(self, ahead: timedelta) -> None:
        """This will put the operator's clock forward; what is due by then is done before the next answer."""
        self.clock.forward(ahead)
        self._wake()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """This will answer one request."""
        if scope["type"] != "http":
            return
        self._loop = asyncio.get_running_loop()
        question = await read(scope, receive)
        self._keep_time()
        correlator = str(uuid4())
        try:
            correlator = question.correlator or correlator
            answer = await self._answer(question)
        except Refused as refused:
            answer = refused.problem.answer()
        self._keep_time()
        await send_answer(send, answer, correlator=correlator)

    async def _answer(self, question: Question) -> Answer:
        path = question.path
        if path == operator_payments.API or path.startswith(operator_payments.API + "/"):
            return await operator_payments.answered(self.books, self._recognized(question))
        if path.startswith(operator_returns.API + "/"):
            return await operator_returns.answered(self.books, self._recognized(question))
        if path.startswith(operator_control.API + "/"):
            return await operator_control.answered(self.books, question, self._courier.sent)
        if path.startswith(operator_inbox.API + "/"):
            return operator_inbox.answered(self.books, question)
        return NOT_FOUND.answer()

    def _recognized(self, question: Question) -> Question:
        """Two-legged tokens are for all phones, three-legged ones for one."""
        self.requests.append(f"{question.method} {question.path}")
        kind, _, shown = question.headers.get("authorization", "").partition(" ")
        token, _, phone = shown.partition(":+")
        is_ours = hmac.compare_digest(token.encode(), self._token.encode())
        if kind.lower() != "bearer" or not is_ours or (phone and not phone.isdigit()):
            raise Refused(UNAUTHENTICATED)
        return question.of(f"+{phone}" if phone else "")

    def _hear(self, course: Course) -> None:
        self._courier.hear(course)
        self._wake()

    def _wake(self) -> None:
        """Time is kept in the thread of the loop, wherever something happened."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._keep_time)

    def _keep_time(self) -> None:
        """This will do what is due, send what is to be told, and wake up when something is due again."""
        self.books.tick()
        self._courier.dispatch()
        if self._alarm is not None:
            self._alarm.cancel()
        moments = [moment for moment in (self.books.next_at(), self._courier.next_at()) if moment is not None]
        if moments:
            seconds = (min(moments) - self.clock.now()).total_seconds()
            self._alarm = asyncio.get_running_loop().call_later(max(seconds, 0.0), self._keep_time)
