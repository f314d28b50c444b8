"""Signed models: what the lab signed is taken, anything else is named."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from offline_coder.cli.models import models
from offline_coder.core.errors import BadInput, MissingPrerequisite
from offline_coder.weights.carrying import export_model
from offline_coder.weights.importing import import_folder
from offline_coder.weights.model_signature import public_key, verify_signature
from offline_coder.weights.signing import sign_model, verify_model
from offline_coder.weights.store import model_folder

SIGNED = Path(__file__).parent / "signed"
"""A folder that model_signing 1.1.1 signed with `sign key`, and the public key."""


def no_password() -> str:
    raise AssertionError("asked for a password")


def new_keys(folder: Path, curve: ec.EllipticCurve, password: bytes = b"") -> tuple[Path, Path]:
    """A private and a public key as PEM files in `folder`."""
    key = ec.generate_private_key(curve)
    locked = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    folder.mkdir(exist_ok=True)
    secret, public = folder / "lab.key", folder / "lab.pub"
    pem = serialization.Encoding.PEM
    secret.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, locked))
    public.write_bytes(key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))
    return secret, public


@pytest.fixture
def own(tmp_path: Path) -> str:
    """A model of the user's in the store."""
    shutil.copytree(SIGNED / "toy", tmp_path / "mine", ignore=shutil.ignore_patterns("*.sig"))
    return import_folder(tmp_path / "mine", name="own")[0]


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda c: c.name)
def test_a_signature_holds_and_travels_with_the_model(
    own: str, curve: ec.EllipticCurve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, public = new_keys(tmp_path / "keys", curve)
    sign_model(own, secret, no_password)
    verify_model(own, public)
    export_model(own, tmp_path / "medium")
    verify_model(str(tmp_path / "medium"), public)
    monkeypatch.setenv("OFFLINE_CODER_HOME", str(tmp_path / "elsewhere"))
    import_folder(tmp_path / "medium")
    assert verify_model(own, public).is_relative_to(tmp_path / "elsewhere")


def test_what_the_model_signing_tool_signed_is_verified(tmp_path: Path) -> None:
    folder = tmp_path / "toy"
    shutil.copytree(SIGNED / "toy", folder)
    verify_model(str(folder), SIGNED / "lab.pub")
    (folder / "config.json").write_text("{}")
    with pytest.raises(MissingPrerequisite, match=r"config\.json has other bytes than were signed"):
        verify_model(str(folder), SIGNED / "lab.pub")


def test_missing_and_added_files_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "toy"
    shutil.copytree(SIGNED / "toy", folder)
    (folder / "more.json").write_text("{}")
    with pytest.raises(MissingPrerequisite, match=r"more\.json is not signed"):
        verify_model(str(folder), SIGNED / "lab.pub")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(MissingPrerequisite, match=r"tokenizer\.json is signed and missing"):
        verify_model(str(folder), SIGNED / "lab.pub")


def test_another_key_a_changed_statement_and_no_signature_are_refused(own: str, tmp_path: Path) -> None:
    secret, public = new_keys(tmp_path / "keys", ec.SECP256R1())
    with pytest.raises(MissingPrerequisite, match="no signature"):
        verify_model(own, public)
    path = sign_model(own, secret, no_password)
    with pytest.raises(MissingPrerequisite, match="another key"):
        verify_model(own, new_keys(tmp_path / "other", ec.SECP256R1())[1])
    signature = json.loads(path.read_text())
    payload = signature["dsseEnvelope"]["payload"]
    signature["dsseEnvelope"]["payload"] = ("A" if payload[40] != "A" else "B").join(
        (payload[:40], payload[41:])
    )
    path.write_text(json.dumps(signature))
    with pytest.raises(MissingPrerequisite, match="does not hold"):
        verify_model(own, public)


def test_a_model_that_is_damaged_is_not_signed(own: str, tmp_path: Path) -> None:
    secret, _ = new_keys(tmp_path / "keys", ec.SECP256R1())
    (model_folder(own) / "model.safetensors").write_bytes(b"others\n")
    with pytest.raises(MissingPrerequisite, match=r"model\.safetensors"):
        sign_model(own, secret, no_password)


@given(
    st.binary(max_size=300)
    | st.recursive(st.none() | st.text(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_anything_else_is_no_signature(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.mktemp("signature") / "model.sig"
    path.write_bytes(raw)
    with pytest.raises(BadInput):
        verify_signature(path, public_key(SIGNED / "lab.pub"))


def typed(*arguments: str, **given: str) -> Result:
    return CliRunner().invoke(models, list(arguments), **given)  # type: ignore[arg-type]


def test_the_command_asks_for_the_password_of_a_key_and_names_what_is_no_key(
    own: str, tmp_path: Path
) -> None:
    secret, public = new_keys(tmp_path / "keys", ec.SECP256R1(), b"open sesame")
    wrong = typed("sign", own, "--key", str(secret), input="guess\n")
    assert isinstance(wrong.exception, BadInput)
    assert typed("sign", own, "--key", str(secret), input="open sesame\n").exit_code == 0
    done = typed("verify", own, "--public-key", str(public))
    assert "signed with" in done.output
    assert isinstance(typed("verify", own, "--public-key", str(secret)).exception, BadInput)
