"""What a life came to: who hears it, and what must be on record or undone before, or after."""

from router.switching.answering import Answering
from router.switching.commits import Commits
from router.switching.records import answered
from router.switching.response_codes import ResponseCode
from router.switching.reversing import Reversing
from router.switching.told import Told, declined
from router.switching.transaction import Transaction
from router.switching.transaction_event import Observer
from specs.elements import DE


class Ending:
    __slots__ = ("_answering", "_commits", "_observer", "_reversing")

    def __init__(
        self, answering: Answering, reversing: Reversing, commits: Commits, observer: Observer
    ) -> None:
        self._answering = answering
        self._reversing = reversing
        self._commits = commits
        self._observer = observer

    def finished(self, transaction: Transaction, told: Told) -> None:
        """Its life is over."""
        answering, reversing = self._answering, self._reversing
        if transaction.target is not None:
            reversing.online_finished(transaction, told)
        elif transaction.approval_on_record and transaction.may_hold and not told.approves:
            # The disk refused an approval, and may hold it all the same: nobody hears anything
            # before its reversal is there.
            if not transaction.is_reversed:
                reversing.reverse(transaction)
        elif told.approves and transaction.is_void:
            if not transaction.is_reversed:
                reversing.reverse(transaction)
            elif not transaction.is_settling:
                answering.tell(transaction, declined(ResponseCode.ISSUER_INOPERATIVE, "reversal"))
        elif not told.approves:
            if transaction.outbound is not None and not (
                transaction.has_left and transaction.may_hold
            ):
                # So that a restart days later does not reverse a long-settled request.
                self._commits.insist([answered(transaction, told, is_logged=True)])
            answering.tell(transaction, told)
        elif not answering.tell(transaction, told) and transaction.may_hold:
            self._give_back(transaction)

    def undeliverable(self, approval: Transaction) -> None:
        """A link took it, and closed before it was written. Whoever else heard it keeps it."""
        approval.heard -= 1
        is_held = approval.told is not None and approval.told.approves and approval.may_hold
        if approval.heard > 0 or not is_held or approval.is_reversed:
            return
        if approval.reversing is None:  # else its acquirer, who heard it, reverses it just now
            self._give_back(approval)

    def _give_back(self, transaction: Transaction) -> None:
        """An approval that nobody heard."""
        values = transaction.outbound.values if transaction.outbound is not None else {}
        parts = transaction.about.parts
        self._observer.counted("undeliverable_approval", parts.acquirer)
        self._observer.happened(
            "undeliverable_approval",
            acquirer=parts.acquirer,
            stan=parts.stan,
            rrn=values.get(DE.RRN, ""),
        )
        self._reversing.reverse(transaction)
