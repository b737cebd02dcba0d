"""The canonical record of a decision (`chipwarden.decision/1`).

The record holds the order as given, the two dates, the digests of all data
looked at and the whole tree of reasons, so that it can be replayed.
"""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from chipwarden import __version__
from chipwarden.decisions.decide import Decision
from chipwarden.decisions.determination import Requirement
from chipwarden.decisions.inputs import Data
from chipwarden.decisions.products import DecidedItem
from chipwarden.model.canonical import canonical_bytes, digest
from chipwarden.model.outcome import Outcome
from chipwarden.model.reasons import json_value
from chipwarden.rules.lawbook import Lawbook


def decision_record(
    decision: Decision, order: Mapping[str, Any], data: Data, pack: str | None = None
) -> dict[str, Any]:
    """Return the record of a decision.

    Args:
        decision: what was decided.
        order: the order as it was given; it is kept as JSON data.
        data: what was looked at; its digests are named.
        pack: digest of the pack in which all of it is kept, None where it is not kept.
    """
    law = decision.law
    given = json_data(order)
    policy, at_least = decision.review_policy, decision.review_policy_at_least
    return {
        "schema": data.vocabulary.decision_schema,
        "evaluator": f"chipwarden {__version__}",
        "order_id": decision.order.id,
        "as_of": law.as_of.isoformat(),
        "known_on": law.known_on.isoformat(),
        "mode": "as_written" if law.as_written else "as_enforced",
        "outcome": decision.outcome,
        "settled": decision.settled,
        "review_policy": policy.value if policy else None,
        "review_policy_at_least": at_least.value if at_least else None,
        "exception": decision.exception,
        "disposition": decision.disposition,
        "disposition_reasons": list(decision.why),
        "missing": [missing.to_json() for missing in decision.missing],
        "items": [_item(item, decision) for item in decision.items],
        "requirements": [
            _requirement(r) for r in decision.requirements if r.applies is Outcome.YES
        ],
        "possible_requirements": [
            _requirement(r) for r in decision.requirements if r.applies is Outcome.UNDETERMINED
        ],
        "verdicts": [
            {"regime": v.regime.code, "name": v.regime.name, "outcome": v.outcome,
             "provisions": [clause.id for clause in v.clauses]}
            for v in decision.verdicts
        ],
        "authorization": decision.authorization.to_json() if decision.authorization else None,
        "obligations": list(decision.obligations),
        "warnings": list(decision.warnings),
        "red_flags": [flag.to_json() for flag in decision.red_flags],
        "unverified": list(decision.unverified),
        "unsupported": list(decision.unsupported),
        "reasons": decision.reason.to_json(),
        "citations": _citations(decision, data.lawbook),
        "digests": {
            "order": digest(given),
            "law": data.lawbook.digest,
            "catalog": data.catalog.digest,
            "lists": data.starter_set.digest,
            "pack": pack,
        },
        "order": given,
    }  # fmt: skip


def as_recorded(order: Mapping[str, Any]) -> dict[str, Any]:
    """Return an order as it reads from the record: names ascending, numbers in one spelling.

    Decided from this form, an order and its record cannot come to different answers.
    """
    kept: dict[str, Any] = json.loads(canonical_bytes(json_data(order)), parse_float=Decimal)
    return kept


def json_data(value: Any) -> Any:
    """Return a parsed TOML or JSON document as JSON data, numbers without loss."""
    if isinstance(value, Mapping):
        return {str(key): json_data(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_data(part) for part in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return json_value(Decimal(value))
    if isinstance(value, (str, bool, date, Decimal)) or value is None:
        return json_value(value)
    raise TypeError(f"{type(value).__name__} has no place in an order")


def _item(item: DecidedItem, decision: Decision) -> dict[str, Any]:
    declared = item.item.eccn_declared.eccn if item.item.eccn_declared else None
    eccns = {
        part.eccn(variant.kind, declared, decision.law)
        for variant in item.variants
        for part in variant.parts
    }
    circuits = {part.ic_eccn for part in item.parts}
    return {
        "product": item.item.product or item.variants[0].name,
        "variants": [variant.name for variant in item.variants],
        "ic_eccn": circuits.pop() if len(circuits) == 1 else None,
        "eccn": eccns.pop() if len(eccns) == 1 else None,
        "possible_eccns": sorted({d.candidate.clause.eccn for d in item.determinations}),
        "tpp": json_value(item.agreed("item.tpp")),
        "tpp_range": _range(item, "item.tpp"),
        "performance_density": json_value(item.agreed("item.performance_density")),
        "performance_density_range": _range(item, "item.performance_density"),
        "quantity": json_value(item.item.quantity),
    }


def _range(item: DecidedItem, fact: str) -> list[Any] | None:
    found = item.range_of(fact)
    return None if found is None else [json_value(number) for number in found]


def _requirement(requirement: Requirement) -> dict[str, Any]:
    policies = requirement.policies
    lifted = [
        use.clause.exception or use.clause.title
        for use in requirement.exceptions
        if use.available is Outcome.YES
    ]
    return {
        "provision": requirement.clause.id,
        "title": requirement.clause.title,
        "reference": requirement.clause.reference,
        "confidence": requirement.clause.confidence.value,
        "review_policy": policies.policy.value if policies.policy else None,
        "lifted_by": lifted[0] if lifted else None,
    }


def _citations(decision: Decision, lawbook: Lawbook) -> dict[str, str]:
    keys = {node.reference for node in decision.reason.walk() if node.reference}
    return {
        key: f"{citation.publisher}, {citation.title}, {citation.number}"
        for key in sorted(keys)
        if (citation := lawbook.citations.get(key)) is not None
    }
