"""Misbehaviour to order: rules of the configuration or by command say which answers go wrong.

deaf        the message is lost: nothing is decided, recorded or answered
silent      decided and recorded, not answered
slow, late  answered after `delay_s` (by default 1 and 30 seconds)
wrong_stan  answered with another STAN
duplicate   answered twice
garbage     a frame of noise instead of an answer
hang_up     the link is closed instead of an answer
"""
import random
from collections.abc import Sequence
from typing import Final

from issuers.cards import Card
from issuers.messages import Message
from issuers.settings import Audience, MisbehaviourRule
from specs.elements import DE

DELAYS_S: Final = {"slow": 1.0, "late": 30.0}
RULES_MAX: Final = 1000


class ArmedRule:
    """A rule with its dice and its count."""

    def __init__(self, rule: MisbehaviourRule) -> None:
        self.rule = rule
        self._left = rule.count or None
        self._dice = random.Random(rule.seed)

    @property
    def delay_s(self) -> float:
        return self.rule.delay_s or DELAYS_S.get(self.rule.does, 0.0)

    def noise(self, size: int) -> bytes:
        """Bytes that are no message."""
        return self._dice.randbytes(size)

    def strikes(self, audience: Audience, amount: str, card: Card | None) -> bool:
        """Whether this message is one that it spoils."""
        rule = self.rule
        if audience not in rule.to or self._left == 0:
            return False
        if rule.amounts_ending and not amount.endswith(rule.amounts_ending):
            return False
        if rule.cards and (card is None or card.reference not in rule.cards):
            return False
        if rule.probability < 1 and self._dice.random() >= rule.probability:
            return False
        if self._left is not None:
            self._left -= 1
        return True


class Misbehaviour:
    """The rules in force: those by command before those of the configuration."""

    def __init__(self, configured: Sequence[MisbehaviourRule]) -> None:
        self._configured = [ArmedRule(rule) for rule in configured]
        self._commanded: list[ArmedRule] = []

    def command(self, rules: Sequence[MisbehaviourRule]) -> None:
        """From now on these, before the configured ones; none ends what was commanded."""
        self._commanded = [ArmedRule(rule) for rule in rules[:RULES_MAX]]

    def rule_for(self, message: Message, card: Card | None) -> ArmedRule | None:
        """The first rule that spoils the answer to this message."""
        audience = audience_of(message.mti)
        amount = message.get(DE.AMOUNT)
        for rule in (*self._commanded, *self._configured):
            if rule.strikes(audience, amount, card):
                return rule
        return None


def audience_of(mti: str) -> Audience:
    """What a message is to a rule: a request, an advice or a reversal."""
    if mti[1] == "4":
        return "reversal"
    return "advice" if mti[2] == "2" else "request"
