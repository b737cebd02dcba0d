"""Reading the law from its folders; all problems of all files at once.

A user's own folder of provisions (`--rules DIR`) has the same form and is
merged: its clauses are cited like ours and never leave the workspace.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

from chipwarden.expressions.declarations import (
    Declarations,
    FactDeclaration,
    FactType,
    ParameterType,
)
from chipwarden.expressions.errors import InvalidExpression
from chipwarden.expressions.nodes import And, Fact, Flag, Node, OneOf, Text
from chipwarden.expressions.read import read
from chipwarden.model.canonical import digest
from chipwarden.model.data_texts import OWN_RULES, DataTexts, data_texts, once_per_texts
from chipwarden.model.errors import InvalidDocument, Problem
from chipwarden.model.values import Confidence
from chipwarden.rules.lawbook import Lawbook
from chipwarden.rules.provisions import (
    Citation,
    CountryGroup,
    Dates,
    Instrument,
    LawParameter,
    Membership,
    NamedCompany,
    ParameterValue,
    Provision,
    Regime,
    ReviewPolicy,
    Step,
)

_DATE_KEYS = tuple(Dates.__dataclass_fields__)
_PLAIN = {
    "paragraph", "outcome", "review_of_entry", "review_of_owners",
    "regardless", "knowledge", "rank", "eccn",
    "eccn_of_system", "residual", "presumes_datacenter", "exception", "question", "answer",
    "counts_unknown", "text", "obligation", "warning", "note",
}  # fmt: skip
_LISTS = {"facts", "kinds", "lifts", "of"}
_OF_VALUE = ("value", "in_force", "published", "reference", "confidence")
_OF_GROUP = ("description", "reference", "confidence")
_REQUIRED = ("id", "title", "published", "reference", "confidence", "step", "instrument", "regime")
_KNOWN = (
    _PLAIN
    | _LISTS
    | set(_DATE_KEYS)
    | set(_REQUIRED)
    | {"when", "ready_when", "review", "policy", "last_checked"}
)


# Data about the law, on which no decision rests.
_NOT_LAW = ("rules/coverage.toml",)


@once_per_texts
def load_packaged() -> Lawbook:
    """Return the law of the data in use, by default what ships with Chipwarden; read once."""
    return lawbook_of(data_texts())


def load_lawbook(extra: Path | None = None) -> Lawbook:
    """Return the law of the data in use, merged with a user's own folder of provisions.

    Args:
        extra: folder with TOML files in the form of ours.

    Raises:
        InvalidDocument: the problems of all files.
    """
    return lawbook_of(data_texts() if extra is None else with_own_rules(data_texts(), extra))


def lawbook_of(texts: DataTexts) -> Lawbook:
    """Return the law of these texts, a user's own provisions among them included.

    Raises:
        InvalidDocument: the problems of all files.
    """
    names = (*texts.names("rules"), *texts.names(OWN_RULES))
    names = tuple(name for name in names if name not in _NOT_LAW)
    files = {PurePosixPath(name): _parse(texts.text(name), texts.place(name)) for name in names}
    return _Reader(files).lawbook()


def with_own_rules(texts: DataTexts, folder: Path) -> DataTexts:
    """Return the texts together with those of a user's own folder of provisions.

    Raises:
        InvalidDocument: the folder is not there, holds no TOML file, or one cannot be read.
    """
    own, places, problems = {}, {}, []
    for path in sorted(folder.rglob("*.toml")):
        name = f"{OWN_RULES}/{path.relative_to(folder).as_posix()}"
        places[name] = str(path)
        try:
            own[name] = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            problems.append(Problem(str(path), f"byte {error.start} is not UTF-8", "UTF-8"))
        except OSError as error:
            problems.append(Problem(str(path), error.strerror or "no file", "a readable file"))
    if not places:
        found = "no file that ends in .toml" if folder.is_dir() else "no such folder"
        problems.append(Problem("the folder", found, "a folder of provisions in TOML files"))
    if problems:
        raise InvalidDocument(str(folder), problems)
    return DataTexts({**texts.files, **own}, places)


def _parse(text: str, place: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError, ArithmeticError) as error:
        found = str(error) or "something that cannot be read"
        raise InvalidDocument(place, [Problem("file", found, "valid TOML")]) from None


class _Reader:
    """Collects problems while it reads, so that a user sees all of them."""

    def __init__(self, files: Mapping[PurePosixPath, Mapping[str, Any]]) -> None:
        self.files = files
        self.problems: list[Problem] = []
        self.citations = self._citations()
        self.asked_instead: dict[str, tuple[str, ...]] = {}
        self.flags: set[str] = set()
        self.parameters = self._parameters()
        self.groups, self.aliases = self._groups()
        self.declarations = self._declarations()
        self.types = {
            **{name: _type_of(parameter) for name, parameter in self.parameters.items()},
            **dict.fromkeys(self.groups, ParameterType.GROUP),
        }

    def lawbook(self) -> Lawbook:
        provisions = tuple(self._provisions())
        regimes = tuple(self._regimes())
        companies = {company.key: company for company in self._companies()}
        self._check_links(provisions)
        if self.problems:
            raise InvalidDocument("the law", self.problems)
        settings = next(record for record in self.files.values() if "lawbook" in record)["lawbook"]
        return Lawbook(
            provisions=provisions,
            parameters=self.parameters,
            groups=self.groups,
            aliases=self.aliases,
            citations=self.citations,
            regimes=regimes,
            companies=companies,
            declarations=self.declarations,
            asked_instead=self.asked_instead,
            known_to=settings["known_to"],
            covered_from=settings["covered_from"],
            digest=digest(
                {str(path): _plain(record) for path, record in self.files.items()}
            ),
        )

    # ---------------------------------------------------------------- parts

    def _of_schema(self, name: str) -> Iterator[tuple[PurePosixPath, Mapping[str, Any]]]:
        for path, record in self.files.items():
            if record.get("schema") == f"chipwarden.{name}/1":
                yield path, record

    def _citations(self) -> dict[str, Citation]:
        return {
            key: Citation(key, **table)
            for _, record in self._of_schema("citations")
            for key, table in record.items()
            if isinstance(table, dict)
        }

    def _parameters(self) -> dict[str, LawParameter]:
        found = {}
        for path, record in self._of_schema("parameters"):
            for name, table in record.items():
                if not isinstance(table, dict):
                    continue
                values = []
                for index, value in enumerate(table.get("values", [])):
                    place = f"{path.name}: {name}.values[{index}]"
                    self._need(value, _OF_VALUE, place)
                    if not self.problems:
                        number = value["value"]
                        if isinstance(number, int) and not isinstance(number, bool):
                            number = Decimal(number)
                        values.append(
                            ParameterValue(
                                value=number,
                                in_force=value["in_force"],
                                published=value["published"],
                                reference=value["reference"],
                                confidence=Confidence(value["confidence"]),
                                note=value.get("note", ""),
                            )
                        )
                found[name] = LawParameter(
                    name, table.get("description", ""), table.get("unit", ""), tuple(values),
                    table.get("note", ""),
                )  # fmt: skip
        return found

    def _groups(self) -> tuple[dict[str, CountryGroup], dict[str, str]]:
        found: dict[str, CountryGroup] = {}
        aliases: dict[str, str] = {}
        for path, record in self._of_schema("groups"):
            aliases.update(record.get("aliases", {}))
            for name, table in record.get("groups", {}).items():
                self._need(table, _OF_GROUP, f"{path.name}: {name}")
                found[name] = _group(name, table)
        return found, aliases

    def _declarations(self) -> Declarations:
        facts: dict[str, FactDeclaration] = {}
        collections: dict[str, str] = {}
        for _, record in self._of_schema("facts"):
            collections.update(record.get("collections", {}))
            for scope in ("item", "party", "transfer"):
                for name, table in record.get(scope, {}).items():
                    full = f"{scope}.{name}"
                    facts[full] = FactDeclaration(
                        full, FactType(table["type"]), table["question"], table["who"],
                        table.get("unit", ""), "derived" if table.get("derived") else "",
                    )  # fmt: skip
                    if "from" in table:
                        self.asked_instead[full] = tuple(table["from"])
        for _, record in self._of_schema("provisions"):
            for table in record.get("provision", []):
                if answer := table.get("answer"):
                    full = f"transfer.{answer}"
                    facts[full] = FactDeclaration(
                        full, FactType.FLAG, table.get("question", ""), "compliance officer"
                    )
        return Declarations(facts, collections)

    def _provisions(self) -> Iterator[Provision]:
        seen: dict[str, str] = {}
        for path, record in self._of_schema("provisions"):
            defaults = record.get("defaults", {})
            for index, own in enumerate(record.get("provision", [])):
                table = {"last_checked": record.get("last_checked"), **defaults, **own}
                place = f"{path.name}: provision[{index}] {table.get('id', '')}".rstrip()
                before = len(self.problems)
                self._need(table, _REQUIRED, place)
                for key in table.keys() - _KNOWN:
                    self._report(place, f"the key {key!r}", "a key that provisions have")
                if table.get("id") in seen:
                    where = seen[table["id"]]
                    self._report(place, f"the id {table['id']!r} again", f"it once; see {where}")
                if len(self.problems) > before:
                    continue
                seen[table["id"]] = path.name
                provision = self._provision(table, place, path)
                if provision:
                    yield provision

    def _provision(
        self, table: Mapping[str, Any], place: str, path: PurePosixPath
    ) -> Provision | None:
        before = len(self.problems)
        try:
            step, instrument = Step(table["step"]), Instrument(table["instrument"])
            confidence = Confidence(table["confidence"])
            review = ReviewPolicy(table["review"]) if "review" in table else None
            policy = ReviewPolicy(table["policy"]) if "policy" in table else None
        except ValueError as error:
            self._report(place, str(error), "a word of the order vocabulary")
            return None
        when_text = table.get("when", "") or (
            f"transfer.{table['answer']}" if table.get("answer") else ""
        )
        when = self._expression(when_text, f"{place}.when") if when_text else None
        if when is None and step is not Step.INFORMATION:
            self._report(place, "no `when`", "a condition")
        kinds = tuple(table.get("kinds", ()))
        if when is not None and kinds:
            of_kind = OneOf(Fact("transfer.kind"), tuple(Text(kind) for kind in kinds))
            when = of_kind if when == Flag(True) else And((of_kind, when))
        ready = table.get("ready_when")
        ready_when = self._expression(ready, f"{place}.ready_when") if ready else None
        if len(self.problems) > before:
            return None
        plain: dict[str, Any] = {key: table[key] for key in _PLAIN & table.keys()}
        plain |= {key: tuple(table[key]) for key in _LISTS & table.keys()}
        return Provision(
            id=table["id"],
            title=table["title"],
            regime=table["regime"],
            step=step,
            instrument=instrument,
            dates=_dates(table),
            reference=table["reference"],
            confidence=confidence,
            last_checked=table["last_checked"],
            when=when,
            when_text=" ".join(when_text.split()),
            ready_when=ready_when,
            origin=path.name,
            review=review,
            policy=policy,
            **plain,
        )

    def _regimes(self) -> Iterator[Regime]:
        for path, record in self._of_schema("provisions"):
            for table in record.get("regime", []):
                condition = self._expression(
                    table["subject_when"], f"{path.name}: regime {table['code']}"
                )
                if condition is not None:
                    yield Regime(
                        table["code"], table["name"], condition, table["fallback"],
                        table.get("note", ""), table.get("from"),
                    )  # fmt: skip

    def _companies(self) -> Iterator[NamedCompany]:
        for _, record in self._of_schema("named-companies"):
            for key, table in record.items():
                if isinstance(table, dict):
                    yield NamedCompany(
                        key, tuple(table["names"]), table["reference"],
                        Confidence(table["confidence"]), table.get("addressee", False),
                    )  # fmt: skip

    # ---------------------------------------------------------------- checks

    def _expression(self, text: str, place: str) -> Node | None:
        try:
            return read(text, self.declarations, self.types)
        except InvalidExpression as error:
            for problem in error.problems:
                self._report(place, str(problem), "an expression of the rule language")
            return None

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

    def _need(self, table: Mapping[str, Any], keys: Iterable[str], place: str) -> None:
        for key in keys:
            if key not in table:
                self._report(place, f"no `{key}`", f"`{key}`")

    def _report(self, place: str, found: str, expected: str) -> None:
        self.problems.append(Problem(place, found, expected))


def _type_of(parameter: LawParameter) -> ParameterType:
    value = parameter.values[0].value if parameter.values else Decimal(0)
    if isinstance(value, bool):
        return ParameterType.FLAG
    if isinstance(value, Decimal):
        return ParameterType.NUMBER
    return ParameterType.DATE if isinstance(value, date) else ParameterType.TEXT


def _dates(table: Mapping[str, Any]) -> Dates:
    return Dates(**{key: table[key] for key in _DATE_KEYS if key in table})


def _group(name: str, table: Mapping[str, Any]) -> CountryGroup:
    first = {"in_force": table["from"]} if "from" in table else {}
    published = table.get("published", table.get("from", date.min))
    whole = Dates(published=published, **first)
    confidence = Confidence(table["confidence"])
    members = [Membership(country, whole, True, table["reference"], confidence)
               for country in table.get("members", [])]  # fmt: skip
    members += [Membership(country, whole, False, table["reference"], confidence)
                for country in table.get("uncertain", [])]  # fmt: skip
    for row in table.get("dated", []):
        members.append(
            Membership(
                country=row["country"],
                dates=Dates(
                    published=row.get("published", row.get("from", date.min)),
                    in_force=row.get("from"),
                    until=row.get("until"),
                    until_published=row.get("until_published"),
                ),
                certain=row.get("membership") != "unknown",
                reference=row.get("reference", table["reference"]),
                confidence=Confidence(row["confidence"]),
                note=row.get("note", ""),
            )
        )
    union = [(other, whole) for other in table.get("union", [])]
    if later := table.get("later"):
        dates = Dates(published=later["published"], in_force=later["from"])
        union += [(other, dates) for other in later["union"]]
    return CountryGroup(
        name, table["description"], table["reference"], confidence, tuple(members), tuple(union),
        tuple(table.get("minus", [])),
    )  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value if isinstance(value, (bool, str)) else str(value)
