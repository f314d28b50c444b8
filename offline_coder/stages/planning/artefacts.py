"""The plan as files of the run folder."""

import json
from collections.abc import Sequence

from offline_coder.core.plan import Plan
from offline_coder.core.values import Value
from offline_coder.stages.diagrams import call_flow, class_diagram
from offline_coder.stages.planning.config import config_yaml

DIAGRAMS = ("class_diagram.mmd", "call_flow.mmd")


def plan_files(plan: Plan) -> dict[str, str]:
    """File name -> text: the artefacts, and the diagrams generated from the architecture."""
    return {
        "overview.md": plan.overview + "\n",
        "requirements.json": readable_list(plan.requirements),
        "architecture.json": readable_json(plan.architecture),
        "build_order.json": readable_json(plan.build_order),
        "config.yaml": config_yaml(plan.config),
        "config_sources.json": readable_list(plan.config),
        "resources.json": readable_list(plan.resources),
        "class_diagram.mmd": class_diagram(plan.architecture),
        "call_flow.mmd": call_flow(plan.architecture),
    }


def readable_json(value: Value) -> str:
    """`value` as JSON, two spaces, fields in their own order."""
    return value.model_dump_json(indent=2) + "\n"


def readable_list(values: Sequence[Value]) -> str:
    """`values` as a JSON list, two spaces, fields in their own order."""
    items = [value.model_dump(mode="json") for value in values]
    return json.dumps(items, indent=2, ensure_ascii=False) + "\n"
