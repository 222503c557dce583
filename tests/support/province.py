"""An invented province over the month of Tết 2027: three communes, forty officers, and what happens to their dossiers.

Everything comes from the seed.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from notifier.domain.clock import VIETNAM
from notifier.domain.directory import Agency, Directory, Officer, by_every_code
from notifier.domain.events import DossierEvent
from tests.support.province_courses import course
from tests.support.province_people import COMMUNES, agencies, office, officers

END = datetime(2027, 2, 20, tzinfo=VIETNAM)
"""The month is over: nothing comes from then on."""


@dataclass(frozen=True, slots=True)
class Province:
    agencies: tuple[Agency, ...]
    officers: tuple[Officer, ...]
    events: tuple[DossierEvent, ...]
    """Each once, in the order in which they come: some of them late."""
    repeats: tuple[DossierEvent, ...]
    """Those that are sent twice, as they come the second time."""

    @property
    def directory(self) -> Directory:
        return Directory({each.code: each for each in self.officers}, by_every_code(self.agencies))


def province(seed: int, dossiers: int) -> Province:
    random, staff = Random(seed), officers()
    offices = [office(code, staff) for code in COMMUNES]
    told = [event for number in range(dossiers) for event in course(random, number, random.choice(offices))]
    came = sorted((each for each in told if each.received_at < END), key=lambda each: (each.received_at, each.id))
    again = [
        replace(each, received_at=each.received_at + timedelta(minutes=random.randrange(1, 4000)))
        for each in came
        if random.random() < 0.02
    ]
    return Province(agencies(), staff, tuple(came), tuple(again))
