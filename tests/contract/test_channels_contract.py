"""The same promises, asked of every adapter in the registry over real sockets."""

import pytest

from channels.base import Asks
from channels.registry import ADAPTERS, load
from notifier.domain.answers import Arrived, Lost, NoAnswer, NotTaken, UnderWay
from notifier.domain.outcomes import Accepted, Permanent, Throttled, Transient, Unknown
from notifier.domain.receipts import ReceiptKind
from tests.contract.all_cases import ALL_CASES as CASES
from tests.contract.channels_cases import Asked, Asking, Case, Receipts, Scenario
from tests.support.channels import DELIVERY, receipt

EXPECTED = {
    Scenario.ACCEPTED: Accepted,
    Scenario.THROTTLED: Throttled,
    Scenario.REFUSED: Permanent,
    Scenario.DOWN: Transient,
    Scenario.NO_ANSWER: Unknown,
    Scenario.GARBAGE: Unknown,
}
EXPECTED_ANSWERS = {
    Asked.ARRIVED: Arrived,
    Asked.UNDER_WAY: UnderWay,
    Asked.NOT_KNOWN: NotTaken,
    Asked.GIVEN_UP: Lost,
    Asked.DOWN: NoAnswer,
    Asked.NO_ANSWER: NoAnswer,
    Asked.GARBAGE: NoAnswer,
    Asked.REFUSED_TOKEN: Arrived,
}
SENDS = [
    pytest.param(adapter, scenario, id=f"{adapter}-{scenario}")
    for adapter in ADAPTERS
    for scenario in Scenario
    if adapter not in CASES or scenario not in CASES[adapter].impossible
]


def can_be_asked(adapter: str) -> bool:
    return load(adapter).capabilities(CASES[adapter].settings).asks is not Asks.NOTHING


ASKABLE = [adapter for adapter in ADAPTERS if adapter in CASES and can_be_asked(adapter)]
QUESTIONS = [
    pytest.param(adapter, asked, id=f"{adapter}-{asked}")
    for adapter in ASKABLE
    for asked in Asked
    if (asking := CASES[adapter].asking) is None or asked not in asking.impossible
]


def has_receipts(adapter: str) -> bool:
    """Whether it has receipts to show, or should have."""
    case = CASES.get(adapter)
    return case is None or case.receipts is not None or load(adapter).capabilities(case.settings).proves_delivery


WITH_RECEIPTS = [adapter for adapter in ADAPTERS if has_receipts(adapter)]


def case_of(adapter: str) -> Case:
    if adapter not in CASES:
        pytest.fail(f"the adapter {adapter} has no cases: write tests/contract/cases_{adapter}.py")
    return CASES[adapter]


def asking_of(adapter: str) -> Asking:
    asking = case_of(adapter).asking
    if asking is None:
        pytest.fail(f"{adapter} says that it can be asked: its case in tests/contract/ needs `asking`")
    return asking


def receipts_of(adapter: str) -> Receipts:
    receipts = case_of(adapter).receipts
    if receipts is None:
        pytest.fail(f"{adapter} says that it proves something: its case in tests/contract/ needs `receipts`")
    return receipts


@pytest.mark.parametrize(("adapter", "scenario"), SENDS)
async def test_what_the_provider_does_has_the_outcome_that_it_means(adapter: str, scenario: Scenario):
    outcome = await case_of(adapter).send(scenario)
    assert isinstance(outcome, EXPECTED[scenario]), outcome


@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_an_accepted_message_has_a_reference(adapter: str):
    outcome = await case_of(adapter).send(Scenario.ACCEPTED)
    assert isinstance(outcome, Accepted)
    assert outcome.reference


@pytest.mark.parametrize(("adapter", "asked"), QUESTIONS)
async def test_what_the_provider_answers_says_what_became_of_the_message(adapter: str, asked: Asked):
    answer = await asking_of(adapter).ask(asked)
    assert isinstance(answer, EXPECTED_ANSWERS[asked]), answer


@pytest.mark.parametrize("adapter", ASKABLE)
async def test_an_answer_that_says_nothing_has_a_code_for_operators(adapter: str):
    answer = await asking_of(adapter).ask(Asked.GARBAGE)
    assert isinstance(answer, NoAnswer)
    assert answer.code


@pytest.mark.parametrize("adapter", sorted(set(ADAPTERS) - set(ASKABLE)))
def test_only_an_adapter_that_says_it_can_be_asked_has_asking_cases(adapter: str):
    assert case_of(adapter).asking is None


@pytest.mark.parametrize("adapter", WITH_RECEIPTS)
def test_a_genuine_callback_is_authentic_and_nothing_is_where_none_are_made(adapter: str):
    receipts = receipts_of(adapter)
    assert load(adapter).authentic(receipts.delivered, receipts.settings) is receipts.is_called_back


@pytest.mark.parametrize("adapter", WITH_RECEIPTS)
def test_a_forged_receipt_is_not_authentic(adapter: str):
    receipts = receipts_of(adapter)
    assert not any(load(adapter).authentic(raw, receipts.settings) for raw in receipts.forged)


@pytest.mark.parametrize("adapter", WITH_RECEIPTS)
def test_a_receipt_says_which_delivery_arrived(adapter: str):
    receipts = receipts_of(adapter)
    (fact,) = load(adapter).facts(receipts.delivered, receipts.settings)
    named = fact.delivery_id == DELIVERY if receipts.reference is None else fact.reference == receipts.reference
    assert (fact.kind, named) == (ReceiptKind.DELIVERED, True)


@pytest.mark.parametrize("adapter", WITH_RECEIPTS)
def test_a_receipt_that_comes_twice_says_the_same_twice(adapter: str):
    receipts = receipts_of(adapter)
    module = load(adapter)
    assert module.facts(receipts.delivered, receipts.settings) == module.facts(receipts.delivered, receipts.settings)


@pytest.mark.parametrize("adapter", sorted(set(ADAPTERS) - set(WITH_RECEIPTS)))
def test_an_adapter_without_receipts_believes_no_callback(adapter: str):
    settings, body = case_of(adapter).settings, DELIVERY.hex.encode()
    offered = [receipt(adapter, key=key, body=body, headers={"webhook-signature": "v1,"}) for key in (None, "", "k")]
    assert not any(load(adapter).authentic(raw, settings) for raw in offered)


def test_no_case_belongs_to_an_adapter_that_is_gone():
    assert set(CASES) <= set(ADAPTERS)
