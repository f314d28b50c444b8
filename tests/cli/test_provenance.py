"""The provenance has the form that in-toto's Statement v1 and SLSA's Provenance v1 ask for."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from offline_coder.core.files import file_digest
from tests.cli.conftest import Cli

# The field names of the specifications: in-toto attestation spec/v1 (statement.md,
# resource_descriptor.md) and slsa.dev/spec/v1.0/provenance.
STATEMENT = {"_type", "subject", "predicateType", "predicate"}
DESCRIPTOR = {"name", "uri", "digest", "content", "downloadLocation", "mediaType", "annotations"}
PREDICATE = {"buildDefinition", "runDetails"}
BUILD_DEFINITION = {"buildType", "externalParameters", "internalParameters", "resolvedDependencies"}
RUN_DETAILS = {"builder", "metadata", "byproducts"}
BUILDER = {"id", "version", "builderDependencies"}
METADATA = {"invocationId", "startedOn", "finishedOn"}
TYPE_URI = re.compile(r"[a-z][a-z0-9+.-]*:\S+")


def check_descriptor(descriptor: dict[str, Any]) -> None:
    assert set(descriptor) <= DESCRIPTOR
    assert descriptor.keys() & {"uri", "digest", "content"}
    for algorithm, value in descriptor.get("digest", {}).items():
        assert algorithm == "sha256"
        assert re.fullmatch("[0-9a-f]{64}", value)


def test_a_run_leaves_a_statement_about_what_it_made(cli: Cli, paper_file: Path) -> None:
    assert cli("run", paper_file, "--model", "random-walk", "-o", "out", "--quiet").code == 0
    statement = json.loads(Path("out/provenance.json").read_text())
    assert set(statement) == STATEMENT
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    assert set(statement["predicate"]) == PREDICATE
    definition, details = (
        statement["predicate"]["buildDefinition"],
        statement["predicate"]["runDetails"],
    )
    assert set(definition) == BUILD_DEFINITION
    assert TYPE_URI.fullmatch(definition["buildType"])
    assert set(details) <= RUN_DETAILS
    assert set(details["builder"]) <= BUILDER
    assert TYPE_URI.fullmatch(details["builder"]["id"])
    assert all(isinstance(version, str) for version in details["builder"]["version"].values())
    assert set(details["metadata"]) <= METADATA
    for moment in ("startedOn", "finishedOn"):
        assert datetime.fromisoformat(details["metadata"][moment]).utcoffset() is not None
    for descriptor in (
        *statement["subject"],
        *definition["resolvedDependencies"],
        *details["byproducts"],
    ):
        check_descriptor(descriptor)

    subjects = {entry["name"]: entry["digest"]["sha256"] for entry in statement["subject"]}
    made = set(Path("out").rglob("*.py"))
    assert made
    assert {str(path.relative_to("out")) for path in made} <= set(subjects)
    assert all(file_digest(Path("out") / name) == digest for name, digest in subjects.items())
    left = {entry["name"]: entry["digest"]["sha256"] for entry in details["byproducts"]}
    assert set(left) == {"manifest.json", "journal.jsonl", "report.html"}
    assert all(file_digest(Path("out") / name) == digest for name, digest in left.items())
    materials = {entry["name"]: entry for entry in definition["resolvedDependencies"]}
    assert materials["paper"]["digest"]["sha256"] == file_digest(paper_file)
    assert "weights/random-walk" in materials
    assert {name.split("/")[0] for name in materials} >= {"paper", "weights", "prompts", "grammars"}
