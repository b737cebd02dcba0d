"""What differs between the law of two days."""

from typing import Any

from chipwarden.app.rules import short
from chipwarden.model.reasons import json_value
from chipwarden.rules.lawbook import Law, Lawbook


def changes(before: Law, after: Law, lawbook: Lawbook) -> list[dict[str, Any]]:
    """Return what differs between two laws: provisions that came and went, values, groups."""
    earlier = {p.id: p for p in before.provisions}
    later = {p.id: p for p in after.provisions}
    found = [{"change": "ends", **short(p)} for key, p in earlier.items() if key not in later]
    found += [{"change": "begins", **short(p)} for key, p in later.items() if key not in earlier]
    for name in lawbook.parameters:
        old, new = before.values.get(name), after.values.get(name)
        if (old and old.value) != (new and new.value):
            found.append({
                "change": "value", "parameter": name,
                "description": lawbook.parameters[name].description,
                "unit": lawbook.parameters[name].unit,
                "before": json_value(old.value) if old else None,
                "after": json_value(new.value) if new else None,
                "reference": new.reference if new else "",
            })  # fmt: skip
    for name, group in lawbook.groups.items():
        old_members, new_members = before.group(name).members, after.group(name).members
        if old_members != new_members:
            found.append({
                "change": "group", "group": name, "description": group.description,
                "joined": sorted(new_members - old_members),
                "left": sorted(old_members - new_members),
            })  # fmt: skip
    return found
