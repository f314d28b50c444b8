"""Signatures of model folders with the keys of a lab, as OpenSSF's model-signing writes and reads them.

`model.sig` is a Sigstore bundle (v0.3, JSON) that holds a DSSE envelope, and that an in-toto statement
(predicate https://model_signing/signature/v1.0) that lists every file with its sha256; the signature is ECDSA
on P-256, P-384 or P-521. The model_signing tool (1.1) verifies what is signed here, and the other way
round, by its `key` method. That package itself is not used: it brings Sigstore's client, which asks services
on the internet. Not supported of it: files hashed in shards or with other than sha256, certificates, keyless.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from offline_coder.core.errors import BadInput, MissingPrerequisite
from offline_coder.weights.manifest import Digest, PinnedFile
from offline_coder.weights.seal import SEAL_NAME, SIGNATURE_NAME, Problem

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://model_signing/signature/v1.0"
IGNORED = (".git", ".gitattributes", ".github", ".gitignore", SIGNATURE_NAME, SEAL_NAME)
"""Never signed: what model_signing leaves out, and our seal, which differs from store to store."""
HASHES: dict[str, hashes.HashAlgorithm] = {
    "secp256r1": hashes.SHA256(),
    "secp384r1": hashes.SHA384(),
    "secp521r1": hashes.SHA512(),
}
LARGEST_SIGNATURE = 16 << 20
"""Bytes of a signature's file that are read; a model of 1000 files needs 0.2 MB."""
MAKE_KEYS = (
    "openssl ecparam -name prime256v1 -genkey -noout -out lab.key; "
    "openssl ec -in lab.key -pubout -out lab.pub"
)


class Foreign(BaseModel):
    """A record that others write too: fields that are not known here are passed over, as its format says."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


class KeyHint(Foreign):
    """sha256 of the public key in PEM."""

    hint: str = ""


class Material(Foreign):
    """How to verify: here only which key."""

    public_key: KeyHint


class EnvelopeSignature(Foreign):
    """One signature, DER in base64."""

    sig: str
    keyid: str = ""


class Envelope(Foreign):
    """A DSSE envelope, v1.0.0; `payload` is in base64."""

    payload: str
    payload_type: Literal["application/vnd.in-toto+json"]
    signatures: Annotated[tuple[EnvelopeSignature, ...], Field(min_length=1, max_length=1)]


class SigstoreBundle(Foreign):
    """What `model.sig` holds."""

    media_type: Literal["application/vnd.dev.sigstore.bundle.v0.3+json"]
    verification_material: Material
    dsse_envelope: Envelope


class Resource(Foreign):
    """One signed file."""

    name: str
    algorithm: Literal["sha256"]
    digest: Digest


class Serialization(Foreign):
    """How the files were hashed. `ignore_paths` are files and folders that are not signed."""

    model_config = ConfigDict(alias_generator=None)

    method: Literal["files"]
    hash_type: Literal["sha256"]
    allow_symlinks: bool = False
    ignore_paths: tuple[str, ...] = ()


class Predicate(Foreign):
    """What is signed of a model."""

    resources: tuple[Resource, ...]
    serialization: Serialization


class Subject(Foreign):
    """The model's name, and the digest over all digests."""

    name: str
    digest: dict[str, str]


class Statement(Foreign):
    """The in-toto statement."""

    type: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: Annotated[tuple[Subject, ...], Field(min_length=1, max_length=1)]
    predicate_type: Literal["https://model_signing/signature/v1.0"]
    predicate: Predicate


def sign(name: str, files: Iterable[PinnedFile], key: ec.EllipticCurvePrivateKey) -> str:
    """The text of `model.sig` for the model `name` with `files`."""
    ordered = sorted(files, key=lambda file: Path(file.path))
    resources = [{"name": file.path, "algorithm": "sha256", "digest": file.sha256} for file in ordered]
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": root_digest(file.sha256 for file in ordered)}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "serialization": {
                "method": "files",
                "hash_type": "sha256",
                "allow_symlinks": False,
                "ignore_paths": list(IGNORED),
            },
            "resources": resources,
        },
    }
    payload = json.dumps(statement, indent=2).encode()
    signature = key.sign(encoded(payload), ec.ECDSA(HASHES[key.curve.name]))
    bundle = {
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": {"publicKey": {"hint": fingerprint(key.public_key())}, "tlogEntries": []},
        "dsseEnvelope": {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"sig": base64.b64encode(signature).decode(), "keyid": ""}],
        },
    }
    return json.dumps(bundle) + "\n"


def verify_signature(path: Path, key: ec.EllipticCurvePublicKey) -> Predicate:
    """What the signature in the file `path` says of a model, when it was made with the other half of `key`.

    Raises:
        BadInput: it is not a signature in a form that is supported.
        MissingPrerequisite: there is none, it is of another key, or it does not hold.
    """
    if not path.is_file():
        raise MissingPrerequisite(
            f"there is no signature {path}", "offline-coder models sign NAME --key FILE"
        )
    if path.stat().st_size > LARGEST_SIGNATURE:
        raise BadInput(f"{path} is too large for a signature")
    bundle = read(SigstoreBundle, path, path.read_bytes())
    hint = bundle.verification_material.public_key.hint
    if hint and hint != fingerprint(key):
        raise MissingPrerequisite(
            f"{path} was signed with another key (sha256 {hint[:12]}...) than {fingerprint(key)[:12]}...",
            "--public-key with the key of whoever signed it",
        )
    try:
        payload = base64.b64decode(bundle.dsse_envelope.payload, validate=True)
        signature = base64.b64decode(bundle.dsse_envelope.signatures[0].sig, validate=True)
        key.verify(signature, encoded(payload), ec.ECDSA(HASHES[key.curve.name]))
    except (ValueError, InvalidSignature) as error:
        raise MissingPrerequisite(
            f"the signature {path} does not hold: it was changed, or made with another key",
            "do not use the model; have it signed again where it is known to be right",
        ) from error
    statement = read(Statement, path, payload)
    found = root_digest(resource.digest for resource in statement.predicate.resources)
    if statement.subject[0].digest.get("sha256") != found:
        raise BadInput(f"{path} contradicts itself: its files do not give its subject's digest")
    return statement.predicate


Record = TypeVar("Record", bound=Foreign)


def read(kind: type[Record], path: Path, raw: bytes) -> Record:
    """`raw` of the signature `path` as a record. Raises BadInput."""
    try:
        return kind.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BadInput(f"{path} is not a signature that can be verified: {where}: {first['msg']}") from error


def compare_signed(files: Iterable[PinnedFile], signed: Predicate) -> list[Problem]:
    """What `files` have that differs from what was signed, file by file."""
    ignored = {*signed.serialization.ignore_paths, SIGNATURE_NAME}
    have = {file.path: file.sha256 for file in files if not is_ignored(file.path, ignored)}
    want = {resource.name: resource.digest for resource in signed.resources}
    if SEAL_NAME not in have:
        # Signed by another tool over an exported folder. Our seal may differ from store to store, and all
        # that it says of files is compared here.
        want.pop(SEAL_NAME, None)
    problems = [Problem(path, "is signed and missing") for path in sorted(want.keys() - have.keys())]
    problems += [Problem(path, "is not signed") for path in sorted(have.keys() - want.keys())]
    both = sorted(path for path in want.keys() & have.keys() if want[path] != have[path])
    return problems + [Problem(path, "has other bytes than were signed") for path in both]


def is_ignored(path: str, ignored: set[str]) -> bool:
    """Whether `path` or a folder that it is in is among `ignored`."""
    return any(path == one or path.startswith(f"{one}/") for one in ignored)


def root_digest(digests: Iterable[str]) -> str:
    """sha256 over the digests of all files in their order, as bytes: the digest of the model."""
    return hashlib.sha256(b"".join(map(bytes.fromhex, digests))).hexdigest()


def encoded(payload: bytes) -> bytes:
    """What is signed: the pre-authentication encoding of DSSE v1.0.0."""
    return f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} {len(payload)} ".encode() + payload


def fingerprint(key: ec.EllipticCurvePublicKey) -> str:
    """sha256 of the key in PEM."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(key.public_bytes(serialization.Encoding.PEM, form)).hexdigest()


def private_key(path: Path, ask_password: Callable[[], str]) -> ec.EllipticCurvePrivateKey:
    """The private key in the PEM file `path`; `ask_password` is called when it is locked.

    Raises:
        BadInput: it is no private key on a supported curve, or the password is wrong.
    """
    raw = read_key_file(path)
    try:
        try:
            key = serialization.load_pem_private_key(raw, None)
        except TypeError:
            key = serialization.load_pem_private_key(raw, ask_password().encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadInput(
            f"{path} is no private key that can be read, or the password is wrong", MAKE_KEYS
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name not in HASHES:
        raise BadInput(f"{path} is not a key on P-256, P-384 or P-521", MAKE_KEYS)
    return key


def public_key(path: Path) -> ec.EllipticCurvePublicKey:
    """The public key in the PEM file `path`.

    Raises:
        BadInput: it is no public key on a supported curve.
    """
    try:
        key = serialization.load_pem_public_key(read_key_file(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadInput(f"{path} is no public key that can be read", MAKE_KEYS) from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in HASHES:
        raise BadInput(f"{path} is not a key on P-256, P-384 or P-521", MAKE_KEYS)
    return key


def read_key_file(path: Path) -> bytes:
    """The bytes of a key's file. Raises BadInput."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read the key {path}: {error.strerror}", MAKE_KEYS) from error
