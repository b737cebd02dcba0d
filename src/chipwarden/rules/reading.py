"""Reading the law from parsed files; all problems of all files at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import Any, TypeVar

from chipwarden.expressions.declarations import (
    Declarations,
    FactDeclaration,
    FactType,
    ParameterType,
)
from chipwarden.expressions.errors import InvalidExpression
from chipwarden.expressions.nodes import And, Fact, Flag, Node, OneOf, Parameter, Text
from chipwarden.expressions.read import read
from chipwarden.model.canonical import digest
from chipwarden.model.errors import InvalidDocument, Problem
from chipwarden.model.values import Confidence
from chipwarden.rules import shapes
from chipwarden.rules.lawbook import Lawbook
from chipwarden.rules.provisions import Instrument, Provision, Regime, ReviewPolicy, Step
from chipwarden.rules.tables import (
    Table,
    citation_of,
    company_of,
    dates_of,
    fact_of,
    group_of,
    parameter_of,
    plain,
    type_of,
)

Files = Mapping[PurePosixPath, Mapping[str, Any]]
T = TypeVar("T")

_SCHEMAS = (
    "citations", "parameters", "groups", "facts", "provisions", "named-companies", "lawbook",
)  # fmt: skip
_OUTCOMES = {
    Step.REQUIREMENT: ("license_required", "prohibited"),
    Step.VERDICT: ("no_license_required", "license_required", "prohibited", "undetermined"),
}
# Steps of the determination under the EAR; house policy enters as red flags and duties.
_OF_THE_EAR = (
    Step.JURISDICTION, Step.CLASSIFICATION, Step.REQUIREMENT, Step.EXCEPTION, Step.REVIEW,
)  # fmt: skip
_TAKEN_AS_IT_IS = (
    "paragraph", "outcome", "review_of_entry", "review_of_owners", "regardless", "knowledge",
    "rank", "eccn", "eccn_of_system", "residual", "presumes_datacenter", "exception", "question",
    "answer", "resolved_by", "counts_unknown", "text", "obligation", "warning", "note",
)  # fmt: skip
_TAKEN_AS_TUPLE = ("facts", "kinds", "lifts", "of")


def read_lawbook(files: Files) -> Lawbook:
    """Return the law of these files.

    Raises:
        InvalidDocument: everything that is wrong with any of them.
    """
    return _Reader(files).lawbook()


class _Reader:
    """Collects problems while it reads, so that a user sees all of them."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.problems: list[Problem] = []
        self.owners: dict[tuple[str, str], str] = {}
        self._check_schemas()
        self.citations = self._named("citations", shapes.CITATION, citation_of)
        self.parameters = self._named("parameters", shapes.PARAMETER, parameter_of)
        self.groups = self._groups()
        self.companies = self._named("named-companies", shapes.COMPANY, company_of)
        self.asked_instead: dict[str, tuple[str, ...]] = {}
        self.declarations = self._declarations()
        self.types = {
            **{name: type_of(parameter) for name, parameter in self.parameters.items()},
            **dict.fromkeys(self.groups, ParameterType.GROUP),
        }

    def lawbook(self) -> Lawbook:
        provisions = tuple(self._provisions())
        regimes = tuple(self._regimes())
        self._check_links(provisions)
        if self.problems:
            raise InvalidDocument("the law", self.problems)
        settings = next(record for record in self.files.values() if "lawbook" in record)["lawbook"]
        return Lawbook(
            provisions=provisions,
            parameters=self.parameters,
            groups=self.groups,
            aliases=self._aliases(),
            citations=self.citations,
            regimes=regimes,
            companies=self.companies,
            declarations=self.declarations,
            asked_instead=self.asked_instead,
            known_to=settings["known_to"],
            covered_from=settings["covered_from"],
            digest=digest({str(path): plain(record) for path, record in self.files.items()}),
        )

    # ---------------------------------------------------------------- tables by name

    def _of_schema(self, name: str) -> Iterator[tuple[PurePosixPath, Mapping[str, Any]]]:
        for path, record in self.files.items():
            if record.get("schema") == f"chipwarden.{name}/1":
                yield path, record

    def _named(
        self, schema: str, shape: shapes.Shape, make: Callable[[str, Table], T]
    ) -> dict[str, T]:
        """Return everything of one schema by name; a name may be given once only."""
        return {
            name: make(name, table)
            for path, record in self._of_schema(schema)
            for name, table in record.items()
            if isinstance(table, dict) and self._sound(schema, name, table, shape, path)
        }

    def _sound(
        self, schema: str, name: str, table: Table, shape: shapes.Shape, path: PurePosixPath
    ) -> bool:
        before = len(self.problems)
        place = f"{path.name}: {name}"
        self.problems += shapes.problems_of(table, shape, place)
        if (first := self.owners.setdefault((schema, name), str(path))) != str(path):
            # A second table of the name would silently replace the first.
            self._report(place, "a name that is taken", f"another name; see {first}")
        if schema == "parameters":
            for index, value in enumerate(table.get("values", [])):
                where = f"{place}.values[{index}]"
                self.problems += shapes.problems_of(value, shapes.PARAMETER_VALUE, where)
            if not table.get("values"):
                self._report(place, "no values", "at least one")
        if schema == "groups":
            for index, row in enumerate(table.get("dated", [])):
                where = f"{place}.dated[{index}]"
                self.problems += shapes.problems_of(row, shapes.MEMBERSHIP, where)
            if "later" in table:
                self.problems += shapes.problems_of(table["later"], shapes.LATER, f"{place}.later")
        return len(self.problems) == before

    def _groups(self) -> dict[str, Any]:
        found = {
            name: group_of(name, table)
            for path, record in self._of_schema("groups")
            for name, table in record.get("groups", {}).items()
            if self._sound("groups", name, table, shapes.GROUP, path)
        }
        for name, group in found.items():
            for other in (*(part for part, _ in group.union), *group.minus):
                if other not in found:
                    self._report(name, f"the group {other!r}", "a group of country-groups.toml")
        return found

    def _aliases(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for _, record in self._of_schema("groups"):
            found.update(record.get("aliases", {}))
        return found

    def _declarations(self) -> Declarations:
        facts: dict[str, FactDeclaration] = {}
        collections: dict[str, str] = {}
        for path, record in self._of_schema("facts"):
            collections.update(record.get("collections", {}))
            for scope in ("item", "party", "transfer"):
                for name, table in record.get(scope, {}).items():
                    full = f"{scope}.{name}"
                    if self._sound("facts", full, table, shapes.FACT, path):
                        facts[full] = fact_of(full, table)
                        if "from" in table:
                            self.asked_instead[full] = tuple(table["from"])
        for _, record in self._of_schema("provisions"):
            for table in record.get("provision", []):
                for key in ("answer", "resolved_by"):
                    if isinstance(name := table.get(key), str):
                        full = f"transfer.{name}"
                        question = str(table.get("question", ""))
                        asked = FactDeclaration(
                            full, FactType.FLAG, question, "compliance officer"
                        )
                        facts.setdefault(full, asked)
        return Declarations(facts, collections)

    # ---------------------------------------------------------------- provisions

    def _provisions(self) -> Iterator[Provision]:
        for path, record in self._of_schema("provisions"):
            defaults = record.get("defaults", {})
            for index, own in enumerate(record.get("provision", [])):
                whole = {k: record[k] for k in ("last_checked",) if k in record}
                table = {**whole, **defaults, **own}
                place = f"{path.name}: provision[{index}] {table.get('id', '')}".rstrip()
                before = len(self.problems)
                self.problems += shapes.problems_of(table, shapes.PROVISION, place)
                key = ("provisions", str(table.get("id", "")))
                if key in self.owners:
                    expected = f"it once; see {self.owners[key]}"
                    self._report(place, f"the id {table.get('id')!r} again", expected)
                self.owners.setdefault(key, path.name)
                if len(self.problems) == before:
                    provision = self._provision(table, place, path)
                    if provision is not None:
                        yield provision

    def _provision(self, table: Table, place: str, path: PurePosixPath) -> Provision | None:
        before = len(self.problems)
        step = Step(table["step"])
        self._check_effect(table, step, place)
        asked = f"transfer.{table['answer']}" if "answer" in table else ""
        when_text = table.get("when") or asked
        when = self._expression(when_text, f"{place}.when") if when_text else None
        if not when_text and step is not Step.INFORMATION:
            self._report(place, "no `when`", "a condition")
        kinds = tuple(table.get("kinds", ()))
        if when is not None and kinds:
            of_kind = OneOf(Fact("transfer.kind"), tuple(Text(kind) for kind in kinds))
            when = of_kind if when == Flag(True) else And((of_kind, when))
        ready = table.get("ready_when")
        ready_when = self._expression(ready, f"{place}.ready_when") if ready else None
        if step is not Step.INFORMATION:
            self._check_parameters((when, ready_when), table, place)
        if len(self.problems) > before:
            return None
        taken: dict[str, Any] = {key: table[key] for key in _TAKEN_AS_IT_IS if key in table}
        taken |= {key: tuple(table[key]) for key in _TAKEN_AS_TUPLE if key in table}
        return Provision(
            id=table["id"],
            title=table["title"],
            regime=table["regime"],
            step=step,
            instrument=Instrument(table["instrument"]),
            dates=dates_of(table),
            reference=table["reference"],
            confidence=Confidence(table["confidence"]),
            last_checked=table["last_checked"],
            when=when,
            when_text=" ".join(when_text.split()),
            ready_when=ready_when,
            review=ReviewPolicy(table["review"]) if "review" in table else None,
            policy=ReviewPolicy(table["policy"]) if "policy" in table else None,
            origin=path.name,
            **taken,
        )

    def _regimes(self) -> Iterator[Regime]:
        for path, record in self._of_schema("provisions"):
            for table in record.get("regime", []):
                place = f"{path.name}: regime {table.get('code', '')}"
                before = len(self.problems)
                self.problems += shapes.problems_of(table, shapes.REGIME, place)
                if len(self.problems) > before:
                    continue
                condition = self._expression(table["subject_when"], place)
                if condition is not None:
                    yield Regime(
                        table["code"], table["name"], condition, table["fallback"],
                        table.get("note", ""), table.get("from"),
                    )  # fmt: skip

    # ---------------------------------------------------------------- checks

    def _check_schemas(self) -> None:
        known = [f"chipwarden.{name}/1" for name in _SCHEMAS]
        for path, record in self.files.items():
            if record.get("schema") not in known:
                found = f"schema {record.get('schema')!r}"
                self._report(path.name, found, f"one of: {', '.join(known)}")

    def _check_effect(self, table: Table, step: Step, place: str) -> None:
        allowed = _OUTCOMES.get(step)
        if allowed and table.get("outcome") not in allowed:
            found = f"outcome {table.get('outcome')!r}"
            self._report(place, found, f"one of: {', '.join(allowed)}")
        house = table["instrument"] == Instrument.HOUSE
        if step in _OF_THE_EAR and (table["regime"] != "US" or house):
            # A policy of one's own may hold a release; it never changes what the law says.
            expected = 'regime "US"; house policy is a step "red_flag", "obligation" or "warning"'
            found = f"regime {table['regime']!r}, instrument {table['instrument']!r}"
            self._report(place, found, expected)

    def _check_parameters(
        self, nodes: Iterable[Node | None], table: Table, place: str
    ) -> None:
        """Check that each parameter has a value from the provision's first day on."""
        starts, known = table.get("in_force", date.min), table["published"]
        for name in sorted(n for node in nodes if node is not None for n in _parameters(node)):
            parameter = self.parameters.get(name)
            if parameter is None:
                continue
            first = min(value.in_force for value in parameter.values)
            seen = min(value.published for value in parameter.values)
            if first > starts or seen > known:
                found = f"the parameter :{name} from {first}, published {seen}"
                self._report(place, found, "a value from the provision's first day on")

    def _check_links(self, provisions: Iterable[Provision]) -> None:
        provisions = list(provisions)
        ids = {provision.id for provision in provisions}
        for provision in provisions:
            for target in (*provision.lifts, *provision.of):
                if target not in ids:
                    self._report(provision.id, f"the label {target!r}", "the id of a requirement")
        references = [(p.id, p.reference) for p in provisions]
        references += [
            (name, value.reference) for name, p in self.parameters.items() for value in p.values
        ]
        references += [(name, group.reference) for name, group in self.groups.items()]
        for place, reference in references:
            if reference not in self.citations:
                self._report(place, f"the reference {reference!r}", "a key of citations.toml")

    def _expression(self, text: str, place: str) -> Node | None:
        try:
            return read(text, self.declarations, self.types)
        except InvalidExpression as error:
            for problem in error.problems:
                self._report(place, str(problem), "an expression of the rule language")
            return None

    def _report(self, place: str, found: str, expected: str) -> None:
        self.problems.append(Problem(place, found, expected))


def _parameters(node: Any) -> Iterator[str]:
    if isinstance(node, Parameter):
        yield node.name
    elif isinstance(node, tuple):
        for part in node:
            yield from _parameters(part)
    elif is_dataclass(node):
        for field in fields(node):
            yield from _parameters(getattr(node, field.name))
