"""One renumbering, safely: whose the two numbers are is looked up first, and what the ERP says of it is verified.

A renumbering goes by the internal id and asks for the same number each time: sent twice it does no harm. So an unclear
answer is looked up, and the action is repeated where the number is still the old one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.apply.writes import TRIES, Ended, ended_by, hopeless, is_unclear, left_unclear
from reconciler.core.errors import ErpError, NotFound, NotSent
from reconciler.core.normalise import number_key
from reconciler.core.plan import Action, Outcome, Result
from reconciler.core.ports import Acted, Erp, Need
from reconciler.core.renumbering import internal_id_of

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 15.0
_PLAN_AGAIN = "Make a new plan."


@dataclass(frozen=True, slots=True)
class LookingUp:
    """How long a renumbering that the ERP does later is looked for: seconds. sleep may raise NotSent to end that.

    waiting: is told the length and the reason before the first wait.
    """

    longest: float
    sleep: Callable[[float], None]
    waiting: Callable[[float, str], None] = lambda _seconds, _reason: None


ONE_LOOK = LookingUp(0.0, lambda _seconds: None)
"""What is not done at once is left to the next plan."""


def renumber(action: Action, erp: Erp, looking_up: LookingUp, *, may_be_done: bool = False) -> Ended:
    """Give the customer its new number, once the ERP shows that it may have it, and see that it has it.

    Where the customer has the number already, it is done: by an earlier try of the run (may_be_done), or by somebody
    else.
    """
    try:
        return _Renumbering(action, erp, looking_up, "" if may_be_done else "it was so already").run()
    except ErpError as error:
        return ended_by(action, error)


@dataclass(frozen=True, slots=True)
class _Renumbering:
    action: Action
    erp: Erp
    looking_up: LookingUp
    already: str

    def run(self) -> Ended:
        """Look, send, and look again."""
        return self._look(self.already) or self._taken() or self._send()

    def _send(self) -> Ended:
        lost: ErpError | None = None
        for _ in range(TRIES):
            try:
                acted = self.erp.renumber(self.action.request)
            except ErpError as error:
                if is_unclear(error):
                    lost = error
                elif lost is None:
                    raise
                result = left_unclear(self.action, lost)
                if ended := self._seen(result):
                    return ended
                if lost is not error:
                    return Ended(result, hopeless(error))
            else:
                return self._verified(acted)
        assert lost is not None, "a try either returns or is unclear"
        return Ended(left_unclear(self.action, lost))

    # ---- before it is sent ----

    def _look(self, message: str = "") -> Ended | None:
        """How it ended where the customer has another number than the plan saw; None where it has that one."""
        try:
            number = self.erp.number_of(internal_id_of(self.action))
        except NotFound:
            return self._conflict("the ERP does not have the customer any more")
        if number_key(number) == number_key(self.action.number or ""):
            return Ended(Result(self.action, Outcome.DONE, self.action.number, message))
        if number_key(number) != number_key(self.action.former or ""):
            return self._conflict(f"it was renumbered to {number} since the plan was made")
        return None

    def _taken(self) -> Ended | None:
        """A number that somebody has been given since the plan was made. The ERP refuses it too, as far as is known."""
        number = self.action.number or ""
        try:
            self.erp.customer(number, Need(frozenset(), {}))
        except NotFound:
            return None
        return self._conflict(f"{number} was given to another customer since the plan was made")

    # ---- after it was sent ----

    def _verified(self, acted: Acted) -> Ended:
        """What the answer says is seen in the customer: `200` alone means nothing, nor does Done."""
        result = acted.result.lower()
        ending = self._failed(acted.error) if result == "failed" else self._not_seen(acted)
        waits = [] if result in ("failed", "done") else _waits(self.looking_up.longest)
        ended = self._seen(ending)
        if waits and ended is None:
            why = f"the ERP may still renumber {self.action.former} to {self.action.number}, which is looked for"
            self.looking_up.waiting(self.looking_up.longest, why)
        for seconds in waits:
            if ended is not None:
                break
            try:
                self.looking_up.sleep(seconds)
            except NotSent:  # the run was stopped
                break
            ended = self._seen(ending)
        return ended or Ended(ending)

    def _seen(self, otherwise: Result) -> Ended | None:
        """How it ended, as the customer's number shows; None where that is still the old one.

        otherwise: what it comes to where the customer cannot be read.
        """
        try:
            return self._look()
        except ErpError:
            return Ended(otherwise)

    # ---- results ----

    def _conflict(self, why: str) -> Ended:
        message = f"{why}, so it was not renumbered"
        return Ended(Result(self.action, Outcome.CONFLICT, self.action.former, message, _PLAN_AGAIN))

    def _failed(self, reason: str) -> Result:
        said = f": {reason}" if reason else ""
        remedy = "Correct the cause, or choose another number. Then plan again."
        return Result(self.action, Outcome.FAILED, self.action.former, f"the ERP did not renumber it{said}", remedy)

    def _not_seen(self, acted: Acted) -> Result:
        message = f"the ERP answered {acted.result}, and {self.action.former} still has its number"
        remedy = "The ERP may do it later. Plan again: the plan shows what is still to do."
        return Result(self.action, Outcome.UNKNOWN, self.action.former, message, remedy)


def _waits(longest: float) -> list[float]:
    """Seconds between looks: longer and longer, together as long as the ERP may be at work."""
    waits: list[float] = []
    seconds, left = _FIRST_WAIT, longest
    while left > 0:
        waits.append(min(seconds, left))
        left -= seconds
        seconds = min(seconds * 2, _LONGEST_WAIT)
    return waits
