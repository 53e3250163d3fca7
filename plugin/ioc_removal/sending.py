"""Send the items of one batch of what acts: whatever happens becomes outcomes."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from .call import Call
from .definition import ADDS, Definition
from .errors import (
    ApiError,
    ArgumentError,
    ClosedError,
    ResponseError,
    TransportError,
)
from .outcome import FAILED, REFUSED, UNKNOWN, Outcome, after_a_lost_try
from .refusals import MISSING
from .same_outcome import SameOutcome, kinds_of

if TYPE_CHECKING:
    from .adding import There
    from .bisection import Part

LOST = "an earlier process may have sent it, and did not live to see the answer"
LOOK = "what was done is not known: look it up in the system before anything else"
GATEWAY_TIMEOUT = 504
MANY = 1_000  # tries, more than any request has
# Statuses with which one value can make a whole batch fail.
POISONED = frozenset({400, 500})
# What a refusal may speak of that has nothing to do with the values.
NOT_A_VALUE = frozenset({"credentials", "permission", "place", "limit"})


def outcomes_of(
    definition: Definition,
    items: Sequence[str],
    target: Mapping[str, str],
    outcome: str,
    reason: str,
    attempts: int,
    answer: ApiError | ResponseError | None = None,
    *,
    late: bool = False,
) -> Sequence[Outcome]:
    """Return one and the same outcome for some items."""
    one = Outcome(
        outcome,
        target,
        reason=reason,
        http_status=answer.status if answer else None,
        request_id=answer.request_id if answer else None,
        attempts=attempts,
        advice=answer.meaning if isinstance(answer, ApiError) else None,
        response=answer.fields if isinstance(answer, ApiError) else {},
        missing=isinstance(answer, ApiError) and answer.about == MISSING,
        late=late or (isinstance(answer, ApiError) and answer.status == GATEWAY_TIMEOUT),
    )
    if definition.named_by not in {"value", "id"}:
        return [one.same_of() for _ in items]
    return SameOutcome(one, items, definition.named_by)


class Sender(NamedTuple):
    """Sends one batch.

    call: of the action, at one server; target: of the outcomes; arguments: the handler's, for
    some of the items.
    """

    definition: Definition
    call: Call
    target: Mapping[str, str]
    arguments: Callable[[Sequence[str]], Mapping[str, Any]]

    def before(self, items: Sequence[str]) -> dict[str, Any]:
        """Return what is there before items are added, by item; empty where nothing tells it."""
        adds = self.definition.does == ADDS and self.call.look_up is not None
        return dict(self._there(items)) if adds else {}

    def send(
        self,
        items: Sequence[str],
        *,
        repeated: bool = False,
        before: Mapping[str, Any] | None = None,
    ) -> Sequence[Outcome]:
        """Return an outcome an item, in their order; what no answer tells is looked up.

        repeated: whether an earlier process may have sent them before; before: what was there
        before items were added. Raises HungUpError.
        """
        if self.definition.does == ADDS:
            from .adding import Adding  # most calls remove

            look = self._there if self.call.look_up else None
            adding = Adding(self._sent, self._lost, look, self._waited, before or {})
            settled = adding.outcomes(items, repeated=repeated)
        else:
            outcomes: Sequence[Outcome] = self._sent(items)
            if repeated:
                outcomes = [after_a_lost_try(outcome) for outcome in outcomes]
            settled = self._settled(outcomes, items)
        if not any(map(_needs_advice, kinds_of(settled))):
            return settled
        if isinstance(settled, SameOutcome):
            return settled.but(advice=LOOK)
        return [row.but(advice=LOOK) if _needs_advice(row) else row for row in settled]

    def _lost(self, items: Sequence[str]) -> Sequence[Outcome]:
        """Return the outcomes of an addition that an earlier process may have sent."""
        return outcomes_of(self.definition, items, self.target, UNKNOWN, LOST, 0)

    def _waited(self) -> bool:
        """Wait before another look; raises HungUpError when the run was ended meanwhile."""
        from .settling import waited_for_a_look

        waited = waited_for_a_look(self.call.connection.wire)
        self.call.connection.check()
        return waited

    def _there(self, items: Sequence[str]) -> "There":
        """Return what is there under the name of each item."""
        from .adding import there

        assert self.call.look_up is not None  # noqa: S101  # nobody asks without it
        field = (self.definition.named or "").rpartition(".")[2]
        return there(self.call.look_up(self.arguments(items), items), items, field)

    def _sent(self, items: Sequence[str]) -> Sequence[Outcome]:
        """Send items, halved where one may have spoilt the others; an outcome each."""
        answer = self._try(items, self.call)
        if not isinstance(answer, ApiError) and _indicators(answer) == list(items):
            return answer  # in order, as mostly
        from .bisection import Part, bisected

        if isinstance(answer, ApiError) and len(items) > 1:
            once = self.call._replace(crashes=0)  # it was tried again already
            most = self.call.tries or MANY
            parts = list(
                bisected(
                    items,
                    answer,
                    lambda half, left: self._try(half, once._replace(tries=min(left, most))),
                )
            )
        else:
            parts = [Part(items, answer)]
        told = {outcome.indicator: outcome for part in parts for outcome in self._told(part)}
        return [told[item] for item in items]

    def _try(self, items: Sequence[str], call: Call) -> Sequence[Outcome] | ApiError:
        """Let the handler send some items, once; what one value may have caused is returned."""
        try:
            outcomes: Sequence[Outcome] = self.definition.handler(call, **self.arguments(items))
        except (ArgumentError, ClosedError) as error:
            return outcomes_of(self.definition, items, self.target, REFUSED, str(error), 0)
        except TransportError as error:
            outcome = UNKNOWN if error.sent else FAILED
            place, late = self.target, error.late
            return outcomes_of(
                self.definition, items, place, outcome, str(error), error.attempts, late=late
            )
        except ResponseError as error:
            return outcomes_of(
                self.definition, items, self.target, UNKNOWN, str(error), error.attempts, error
            )
        except ApiError as error:
            spoilt = _poisoned(error) and not (self.call.once and error.unclear)
            return error if spoilt else self._refused(items, error, error.said)
        return outcomes

    def _told(self, part: "Part") -> Sequence[Outcome]:
        """Return what became of the items of a part, given what was sent of them before."""
        answer = part.answer
        if isinstance(answer, ApiError):
            reason = answer.said
            if len(part.items) > 1:
                reason += f"; refused together with {len(part.items) - 1:,} more"
            answer = self._refused(part.items, answer, reason)
        told = answer
        if part.attempts:
            told = [row.but(attempts=row.attempts + part.attempts) for row in answer]
        return [after_a_lost_try(row) for row in told] if part.unclear else told

    def _refused(self, items: Sequence[str], refusal: ApiError, reason: str) -> Sequence[Outcome]:
        outcome = UNKNOWN if refusal.unclear else FAILED
        return outcomes_of(
            self.definition, items, self.target, outcome, reason, refusal.attempts, refusal
        )

    def _settled(self, outcomes: Sequence[Outcome], items: Sequence[str]) -> Sequence[Outcome]:
        """Look up what is unknown, or perhaps not there."""
        look_up = self.call.look_up
        if look_up is None or not any(outcome.doubtful for outcome in kinds_of(outcomes)):
            return outcomes
        from .settling import Settling, waited_for_a_look  # most calls are answered

        arguments = self.arguments(items)
        look = partial(look_up, arguments)
        wait = partial(waited_for_a_look, self.call.connection.wire)
        return Settling(look, wait, self.definition.wanted(arguments)).settled(outcomes)


def _indicators(outcomes: Sequence[Outcome]) -> list[str]:
    if isinstance(outcomes, SameOutcome):
        return [*outcomes.names]
    return [outcome.indicator for outcome in outcomes]


def _needs_advice(outcome: Outcome) -> bool:
    return outcome.outcome == UNKNOWN and not outcome.advice


def _poisoned(refusal: ApiError) -> bool:
    """Tell whether one of the values may have made all of them fail."""
    spoilt = refusal.status in POISONED and refusal.about not in NOT_A_VALUE
    return spoilt and refusal.attempts > 0
