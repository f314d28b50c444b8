"""Convert an assembled file to a model folder, in a process of its own.

A process, so that the memory goes back to the system and what libraries print does not reach the user.
    python -m offline_coder.weights.convert FILE FOLDER RULE     RULE: a Conversion as JSON
"""

import os
import subprocess
import sys
from pathlib import Path

from offline_coder.core.errors import MissingPrerequisite, OfflineCoderError
from offline_coder.weights.manifest import Conversion
from offline_coder.weights.space import FULL, disk_full

DISK_FULL_STATUS = 28
"""ENOSPC as an exit status: tells the parent why the conversion stopped."""


def convert(file: Path, folder: Path, rule: Conversion) -> None:
    """Make a model folder of `file` in the existing empty folder `folder`.

    With kind "none" the file is moved there as it is.

    Raises:
        MissingPrerequisite: the file cannot be converted, memory ran out, or the disk is full.
    """
    if rule.kind == "none":
        file.replace(folder / file.name)
        return
    command = [sys.executable, "-m", __spec__.name, str(file), str(folder), rule.model_dump_json()]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode == DISK_FULL_STATUS:
        raise disk_full(folder.parent)
    if done.returncode < 0:
        raise MissingPrerequisite(
            f"converting {file.name} was ended by signal {-done.returncode}, most likely for lack of memory",
            "close other programs and give the same command again",
        )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise MissingPrerequisite(f"{file.name} cannot be converted: {last[:300]}")


def convert_gguf(file: Path, folder: Path, rule: Conversion) -> None:
    """Convert the GGUF `file` to safetensors with config and tokenizer in `folder`.

    Raises:
        BadInput: an architecture, a tokenizer or a tensor that is not known here.
        OSError: the disk is full.
    """
    from gguf import GGUFReader

    from offline_coder.weights.gguf.config import write_configs
    from offline_coder.weights.gguf.tensors import write_safetensors
    from offline_coder.weights.gguf.tokenizer import write_tokenizer

    reader = GGUFReader(file)
    fields = {name: field.contents() for name, field in reader.fields.items()}
    family = fields["general.architecture"]
    write_configs(folder, fields, rule)
    write_tokenizer(folder, fields, fields[f"{family}.context_length"])
    heads = {}
    if family == "llama":
        heads = {
            "attn_q": fields["llama.attention.head_count"],
            "attn_k": fields["llama.attention.head_count_kv"],
        }
    path = folder / "model.safetensors"
    write_safetensors(path, reader, heads, tied=rule.tied_embeddings, stored=rule.stored)


def main() -> None:
    """The child process: one line on stderr and a status say what went wrong."""
    file, folder, rule = sys.argv[1:]
    try:
        convert_gguf(Path(file), Path(folder), Conversion.model_validate_json(rule))
    except OfflineCoderError as error:
        sys.exit(error.message)
    except OSError as error:
        sys.exit(DISK_FULL_STATUS if error.errno in FULL else f"{error}")
    except (KeyError, ValueError) as error:
        sys.exit(f"not a GGUF file that is complete: {type(error).__name__}: {error}")


if __name__ == "__main__":
    os.umask(0o022)
    main()
