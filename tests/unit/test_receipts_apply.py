import pytest

from notifier.domain.deliveries import DeliveryState
from notifier.domain.receipts import ReceiptFact, ReceiptKind
from notifier.receipts.apply import after_receipt

S, K = DeliveryState, ReceiptKind


def after(state: DeliveryState, kind: ReceiptKind, code: str | None = None) -> DeliveryState | None:
    step = after_receipt(state, ReceiptFact(kind, None, "reference", None, code))
    return step and step.state


@pytest.mark.parametrize(("kind", "state"), [(K.DELIVERED, S.DELIVERED), (K.READ, S.READ), (K.FAILED, S.FAILED)])
def test_a_receipt_moves_an_accepted_delivery(kind, state):
    assert after(S.ACCEPTED, kind) is state


@pytest.mark.parametrize(("kind", "state"), [(K.DELIVERED, S.DELIVERED), (K.READ, S.READ), (K.FAILED, S.FAILED)])
def test_a_receipt_before_the_call_has_returned_counts(kind, state):
    assert after(S.SENDING, kind) is state


@pytest.mark.parametrize(("kind", "state"), [(K.DELIVERED, S.DELIVERED), (K.READ, S.READ), (K.FAILED, S.FAILED)])
def test_a_repeated_receipt_changes_nothing(kind, state):
    assert after(state, kind) is None


@pytest.mark.parametrize("state", [S.FAILED, S.UNKNOWN, S.EXPIRED])
def test_a_late_proof_corrects_an_early_guess(state):
    assert after(state, K.DELIVERED) is S.DELIVERED


@pytest.mark.parametrize("kind", [K.DELIVERED, K.FAILED])
def test_read_is_never_undone(kind):
    assert after(S.READ, kind, "5.1.1") is None


def test_read_without_delivered_is_enough():
    assert after(S.ACCEPTED, K.READ) is S.READ


def test_a_failure_after_delivery_is_a_contradiction_and_ignored():
    assert after(S.DELIVERED, K.FAILED, "expired") is None


def test_a_bounce_after_delivery_is_the_later_truth():
    assert after(S.DELIVERED, K.FAILED, "5.1.1") is S.FAILED


@pytest.mark.parametrize("state", list(S))
def test_news_that_is_no_proof_moves_nothing(state):
    assert after(state, K.INFO) is None


@pytest.mark.parametrize("state", [S.SUPPRESSED, S.CANCELLED, S.SUPERSEDED, S.STANDBY, S.HELD])
def test_a_receipt_for_a_message_that_was_not_sent_moves_nothing(state):
    assert after(state, K.DELIVERED) is None


def test_a_receipt_makes_a_planned_resend_needless():
    assert after(S.PLANNED, K.DELIVERED) is S.DELIVERED


def test_a_failure_keeps_the_code_of_the_provider():
    step = after_receipt(S.ACCEPTED, ReceiptFact(K.FAILED, None, "reference", None, "5.1.1"))
    assert step is not None
    assert step.reason.values == {"code": "5.1.1"}
