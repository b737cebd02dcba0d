"""Everything that a decision looks at beside the order."""

from dataclasses import dataclass

from chipwarden.catalog.chips import Catalog
from chipwarden.decisions.not_covered import NotCovered
from chipwarden.decisions.vocabulary import OrderVocabulary
from chipwarden.parties.lists import StarterSet
from chipwarden.rules.lawbook import Lawbook


@dataclass(frozen=True, slots=True)
class Data:
    """Everything that a decision looks at beside the order."""

    lawbook: Lawbook
    catalog: Catalog
    starter_set: StarterSet
    vocabulary: OrderVocabulary
    not_covered: NotCovered
