"""The columns of an answer, written from what the candidates of a row come to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from chipwarden.decisions.bulk_epochs import mask_type
from chipwarden.decisions.bulk_review import RANKS
from chipwarden.decisions.bulk_steps import LEVELS, Found, Steps
from chipwarden.decisions.bulk_terms import Sheet, Term, Truth
from chipwarden.decisions.outcomes import Bounds, PolicyBounds, Strictness
from chipwarden.rules.provisions import Provision, Step

# Up to so many words all combinations are written out, which is ten times faster than joining.
_MOST_LISTED = 8


class Classified:
    """The columns of a classification."""

    def __init__(self, steps: Steps) -> None:
        self.sheet, self.candidates = steps.sheet, steps.candidates
        self.names = tuple(dict.fromkeys(candidate.paragraph for candidate in self.candidates))

    @cached_property
    def mask(self) -> Term:
        """The paragraphs that are possible, a bit each."""
        by_name = [
            self.sheet.any(c.possible for c in self.candidates if c.paragraph == name)
            for name in self.names
        ]
        return _mask(self.sheet, by_name)

    @property
    def words(self) -> Term:
        """The paragraphs that are possible, in words."""
        return _words(self.sheet, self.mask, " or ", self.names)

    @property
    def ic_eccn(self) -> Term:
        """The ECCN on which all possible candidates agree."""
        by_eccn: dict[str, list[Term]] = {}
        for candidate in self.candidates:
            by_eccn.setdefault(candidate.eccn, []).append(candidate.possible)
        mask = _mask(self.sheet, [self.sheet.any(possible) for possible in by_eccn.values()])
        cases = " ".join(f"WHEN {1 << bit} THEN {_text(eccn)}" for bit, eccn in enumerate(by_eccn))
        return self.sheet.of(f"CASE {{}} {cases} END", mask)


@dataclass(frozen=True)
class Determined:
    """The columns of a determination.

    Attributes:
        covered: whether the law covers the row; where not, nothing can clear it.
    """

    steps: Steps
    found: Sequence[Found]
    covered: Term

    @property
    def _sheet(self) -> Sheet:
        return self.steps.sheet

    @property
    def exceptions(self) -> tuple[Provision, ...]:
        """All exceptions, in the order of their bits."""
        return self.steps.epochs.step(Step.EXCEPTION)

    @property
    def requirements(self) -> tuple[str, ...]:
        """All requirements, in the order of their bits."""
        return tuple(clause.id for clause in self.steps.epochs.step(Step.REQUIREMENT))

    # ------------------------------------------------------------ outcome and policy

    def columns(self) -> Mapping[str, Term]:
        """Return outcome, review policy and exceptions."""
        sheet = self._sheet
        levels = [self._either(each.at_least[level] for each in self.found) for level in LEVELS]
        ceilings = [
            sheet.any([bounds.possible, sheet.no(self.covered)])
            if level <= Strictness.LICENSE_REQUIRED
            else bounds.possible
            for level, bounds in zip(LEVELS, levels, strict=True)
        ]
        floor = sheet.number([(bounds.certain, 1) for bounds in levels], "TINYINT")
        ceiling = sheet.number([(term, 1) for term in ceilings], "TINYINT")
        outcome = self._outcome(floor, ceiling)
        ranks = [self._either(each.policy_at_least[r] for each in self.found) for r in RANKS]
        lowest = sheet.number([(bounds.certain, 1) for bounds in ranks], "TINYINT")
        highest = sheet.number([(bounds.possible, 1) for bounds in ranks], "TINYINT")
        relied = {clause: self._relied(clause) for clause in self.exceptions}
        return {
            "outcome": outcome,
            "floor": floor,
            "ceiling": ceiling,
            "review_policy": self._review_policy(outcome, lowest, highest),
            "policy_floor": sheet.of("({} - 1)", lowest),
            "policy_ceiling": sheet.of("({} - 1)", highest),
            "exception": self._codes(outcome, relied),
            "exception_mask": _mask(sheet, list(relied.values())),
        }

    def _either(self, truths: Iterable[Truth]) -> Truth:
        """Return what is known where one of the possible candidates is the right one."""
        sheet = self._sheet
        pairs = [(f.candidate.possible, t) for f, t in zip(self.found, truths, strict=True)]
        return Truth(
            sheet.both(sheet.any([sheet.no(may), truth.certain]) for may, truth in pairs),
            sheet.any(sheet.both([may, truth.possible]) for may, truth in pairs),
        )

    def _outcome(self, floor: Term, ceiling: Term) -> Term:
        words = [Bounds(low, high).word for low in Strictness for high in Strictness]
        which = f"[{{}} * {len(Strictness)} + {{}} + 1]"
        return self._sheet.of(_list(words) + which, floor, ceiling)

    def _review_policy(self, outcome: Term, lowest: Term, highest: Term) -> Term:
        ranks = (-1, *RANKS)
        words = [PolicyBounds(low, high).policy for low in ranks for high in ranks]
        which = f"[{{}} * {len(ranks)} + {{}} + 1]"
        required = Strictness.LICENSE_REQUIRED.word
        case = f"CASE WHEN {{}} = '{required}' THEN {_list(words)}{which} END"
        return self._sheet.of(case, outcome, lowest, highest)

    # ------------------------------------------------------------ exceptions, requirements

    def _relied(self, clause: Provision) -> Term:
        return self._sheet.any(
            self._sheet.both([each.candidate.possible, each.relied[clause.id]])
            for each in self.found
        )

    def _codes(self, outcome: Term, relied: Mapping[Provision, Term]) -> Term:
        """Return the codes relied on where the outcome is a license exception."""
        by_code: dict[str, list[Term]] = {}
        for clause, term in relied.items():
            if clause.exception:
                by_code.setdefault(clause.exception, []).append(term)
        mask = _mask(self._sheet, [self._sheet.any(terms) for terms in by_code.values()])
        words = _words(self._sheet, mask, " + ", tuple(by_code))
        excepted = Strictness.LICENSE_EXCEPTION.word
        return self._sheet.of(f"CASE WHEN {{}} = '{excepted}' THEN {{}} END", outcome, words)

    def requirement_columns(self) -> Mapping[str, Term]:
        """Return which requirements apply whatever the item is, and which may apply."""
        bounds = [
            self._either(each.applies[key] for each in self.found) for key in self.requirements
        ]
        return {
            "requirement_mask": _mask(self._sheet, [truth.certain for truth in bounds]),
            "requirement_possible_mask": _mask(self._sheet, [truth.possible for truth in bounds]),
        }


def _mask(sheet: Sheet, terms: Sequence[Term]) -> Term:
    """Return a number with a bit for each term, the first the lowest."""
    return sheet.number([(t, 1 << bit) for bit, t in enumerate(terms)], mask_type(len(terms)))


def _words(sheet: Sheet, mask: Term, joint: str, words: Sequence[str]) -> Term:
    """Return the words whose bits are set, joined; NULL where none is."""
    if len(words) > _MOST_LISTED:
        each = ", ".join(
            f"CASE WHEN {{}} & {1 << bit} <> 0 THEN {_text(word)} END"
            for bit, word in enumerate(words)
        )
        return sheet.of(f"nullif(concat_ws('{joint}', {each}), '')", *[mask] * len(words))
    every = [
        joint.join(word for bit, word in enumerate(words) if number >> bit & 1) or None
        for number in range(1 << len(words))
    ]
    return sheet.of(f"CAST({_list(every)}[{{}} + 1] AS VARCHAR)", mask)


def _list(words: Iterable[str | None]) -> str:
    return "[" + ", ".join("NULL" if word is None else _text(word) for word in words) + "]"


def _text(word: str) -> str:
    """Return a text as SQL, safe in a template: labels come from files of users too."""
    return "'" + word.replace("'", "''").replace("{", "{{").replace("}", "}}") + "'"
