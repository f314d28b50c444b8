"""Provenance: who made the generated files, from what, as an in-toto statement.

The form is Statement v1 of in-toto (github.com/in-toto/attestation, spec/v1/statement.md) with the predicate
Provenance v1 of SLSA (slsa.dev/spec/v1.0/provenance), so that tools which check build provenance can
read it. The statement is a function of the manifest and its digest: whoever has these can make it again,
which is how a change to either is found. It is not signed.
"""

import re

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from offline_coder.core.values import Value
from offline_coder.runs.manifest import Manifest

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:offline-coder:run:v1"
BUILDER = "urn:offline-coder:local"
SHA256 = re.compile(r"[0-9a-f]{64}")
FOLDER_DIGEST = "sha256 over the sorted paths and sha256 of the files below"


class Camel(Value):
    """A value whose fields are written in the specifications' camelCase."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class ResourceDescriptor(Camel):
    """A thing by its name, its digests, where it is; at least one of `uri` and `digest` is given."""

    name: str
    uri: str | None = None
    digest: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class BuildDefinition(Camel):
    """What was asked for (external), what was chosen here (internal), and everything that was read."""

    build_type: str
    external_parameters: dict[str, object]
    internal_parameters: dict[str, object]
    resolved_dependencies: tuple[ResourceDescriptor, ...]


class Builder(Camel):
    """What did it: programs and their versions."""

    id: str
    version: dict[str, str]


class BuildMetadata(Camel):
    """When, in RFC 3339, UTC."""

    started_on: str
    finished_on: str


class RunDetails(Camel):
    """This one run of the builder, and what it left besides the subjects."""

    builder: Builder
    metadata: BuildMetadata
    byproducts: tuple[ResourceDescriptor, ...]


class Predicate(Camel):
    """SLSA's provenance."""

    build_definition: BuildDefinition
    run_details: RunDetails


class Statement(Camel):
    """in-toto's frame: these subjects are what the predicate speaks of."""

    type: str = Field(STATEMENT_TYPE, alias="_type")
    subject: tuple[ResourceDescriptor, ...]
    predicate_type: str = PREDICATE_TYPE
    predicate: Predicate


def statement(manifest: Manifest, manifest_sha256: str) -> Statement:
    """The provenance of the finished run that `manifest` describes."""
    return Statement(
        subject=files(manifest.files),
        predicate=Predicate(
            build_definition=BuildDefinition(
                build_type=BUILD_TYPE,
                external_parameters={
                    "paper": manifest.paper,
                    "model": manifest.model,
                    "endpoint": manifest.endpoint,
                    "reader": manifest.reader,
                    "settings": manifest.stage_settings.model_dump(mode="json"),
                    "planEdited": manifest.plan_edited,
                },
                internal_parameters={
                    "engine": manifest.engine.model_dump(mode="json"),
                    "engineNetwork": manifest.engine_network,
                    "context": manifest.context,
                    "machine": manifest.machine.model_dump(mode="json"),
                    "determinism": manifest.determinism,
                },
                resolved_dependencies=materials(manifest),
            ),
            run_details=RunDetails(
                builder=Builder(
                    id=BUILDER,
                    version={
                        "offline-coder": manifest.offline_coder,
                        "python": manifest.python,
                        **manifest.packages,
                    },
                ),
                metadata=BuildMetadata(started_on=manifest.started, finished_on=manifest.finished),
                byproducts=files({"manifest.json": manifest_sha256, **manifest.records}),
            ),
        ),
    )


def statement_text(manifest: Manifest, manifest_sha256: str) -> str:
    """The statement as the JSON text that stands in provenance.json."""
    made = statement(manifest, manifest_sha256)
    return made.model_dump_json(by_alias=True, exclude_none=True, indent=2) + "\n"


def materials(manifest: Manifest) -> tuple[ResourceDescriptor, ...]:
    """Everything that the run was made from."""
    weights = manifest.engine.weights_digest
    known = SHA256.fullmatch(weights) is not None
    return (
        ResourceDescriptor(name="paper", uri=manifest.paper, digest={"sha256": manifest.paper_sha256}),
        ResourceDescriptor(
            name=f"weights/{manifest.engine.model}",
            uri=f"urn:offline-coder:weights:{manifest.engine.model}",
            digest={"sha256": weights} if known else None,
            annotations={"digest": FOLDER_DIGEST if known else weights},
        ),
        *files({f"prompts/{name}": digest for name, digest in manifest.prompts.items()}),
        *files({f"grammars/{name}": digest for name, digest in manifest.grammars.items()}),
        *files({f"requirements/{name}": digest for name, digest in manifest.locks.items()}),
    )


def files(digests: dict[str, str]) -> tuple[ResourceDescriptor, ...]:
    """A descriptor for each path -> sha256."""
    return tuple(ResourceDescriptor(name=name, digest={"sha256": digest}) for name, digest in digests.items())
