"""Conversion: against torch, against a reference layout, and byte for byte the same twice."""

import json
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from offline_coder.core.errors import BadInput, MissingPrerequisite
from offline_coder.weights.convert import convert
from offline_coder.weights.gguf.tensors import bfloat16_bytes, transformers_name, unpermuted
from offline_coder.weights.manifest import Conversion
from offline_coder.weights.seal import hash_folder

WIDTH, HEADS, KV_HEADS, INNER, BLOCKS = 64, 4, 2, 96, 2
RULE = Conversion(kind="gguf", tied_embeddings=True, eos_token_ids=(257, 256))


def test_rounding_to_bfloat16_is_that_of_torch() -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.standard_normal(10_000), [0.0, -0.0, 1.00390625, 1.01171875, 1e38, 1e-40]])
    values = values.astype(np.float32)
    theirs = torch.from_numpy(values).to(torch.bfloat16).view(torch.int16).numpy().tobytes()
    assert bfloat16_bytes(values) == theirs


def test_unpermuting_undoes_what_the_gguf_converter_did() -> None:
    weight = np.arange(32 * 3, dtype=np.float32).reshape(32, 3)
    permuted = weight.reshape(HEADS, 2, 4, 3).swapaxes(1, 2).reshape(32, 3)
    assert (unpermuted(permuted, HEADS) == weight).all()


def test_unknown_tensor_is_refused() -> None:
    with pytest.raises(BadInput, match=r"blk\.0\.ffn_gate_exps\.weight"):
        transformers_name("blk.0.ffn_gate_exps.weight")


def tiny_gguf(path: Path, family: str, *, pre: str = "qwen2") -> dict[str, np.ndarray]:
    """Write a random model of `family` with a byte vocabulary; its tensors by GGUF name."""
    writer = gguf.GGUFWriter(path, family)
    writer.add_context_length(128)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(BLOCKS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10000.0)
    tokens = [*sorted(byte_letters()), "<|endoftext|>", "<|im_end|>", "ab", "[PAD259]"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types([1] * 256 + [3, 3, 1, 5])
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(256)
    writer.add_eos_token_id(257)
    writer.add_pad_token_id(256)
    writer.add_chat_template("{{ messages[0].content }}")
    rng = np.random.default_rng(1)
    shapes = {
        "token_embd.weight": (260, WIDTH),
        "output.weight": (260, WIDTH),
        "output_norm.weight": (WIDTH,),
    }
    for block in range(BLOCKS):
        sizes = {
            "attn_q": (WIDTH, WIDTH),
            "attn_k": (WIDTH * KV_HEADS // HEADS, WIDTH),
            "attn_v": (WIDTH * KV_HEADS // HEADS, WIDTH),
            "attn_output": (WIDTH, WIDTH),
            "ffn_gate": (INNER, WIDTH),
            "ffn_up": (INNER, WIDTH),
            "ffn_down": (WIDTH, INNER),
            "attn_norm": (WIDTH,),
            "ffn_norm": (WIDTH,),
        }
        shapes |= {f"blk.{block}.{name}.weight": shape for name, shape in sizes.items()}
        if family == "qwen2":
            shapes |= {f"blk.{block}.{n}.bias": sizes[n][:1] for n in ("attn_q", "attn_k", "attn_v")}
    tensors = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    for name, values in tensors.items():
        kind = gguf.GGMLQuantizationType.Q8_0
        if values.ndim == 2 and values.shape[1] % 32 == 0:
            packed = gguf.quants.quantize(values, kind)
            writer.add_tensor(name, packed, raw_dtype=kind)
            tensors[name] = gguf.quants.dequantize(packed, kind)
        else:
            writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return tensors


def byte_letters() -> list[str]:
    """The 256 characters that stand for bytes in byte-level BPE."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return [chr(b) for b in shown] + [chr(256 + i) for i in range(256 - len(shown))]


@pytest.mark.parametrize("family", ["qwen2", "llama"])
def test_converted_model_loads_and_is_the_same_twice(tmp_path: Path, family: str) -> None:
    file = tmp_path / "tiny.gguf"
    tensors = tiny_gguf(file, family)
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
        convert(file, folder, RULE)
    assert hash_folder(folders[0]) == hash_folder(folders[1])
    stored = load_file(folders[0] / "model.safetensors")
    assert "lm_head.weight" not in stored
    # Of the two embedding matrices the output's is kept.
    expected = torch.from_numpy(tensors["output.weight"]).to(torch.bfloat16)
    assert torch.equal(stored["model.embed_tokens.weight"], expected)
    query = torch.from_numpy(tensors["blk.0.attn_q.weight"]).to(torch.bfloat16)
    assert torch.equal(stored["model.layers.0.self_attn.q_proj.weight"], query) is (family == "qwen2")
    model = AutoModelForCausalLM.from_pretrained(folders[0], dtype=torch.bfloat16)
    assert model.lm_head.weight is model.model.embed_tokens.weight
    assert model.generation_config.eos_token_id == [257, 256]
    tokenizer = AutoTokenizer.from_pretrained(folders[0])
    assert len(tokenizer) == 259
    assert tokenizer.decode(tokenizer("abc déf 123")["input_ids"]) == "abc déf 123"
    assert tokenizer.eos_token == "<|im_end|>"
    config = json.loads((folders[0] / "config.json").read_text())
    assert config["rms_norm_eps"] == 1e-6
    assert config["vocab_size"] == 260


def test_what_cannot_be_converted_is_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(MissingPrerequisite, match=r"broken\.gguf cannot be converted"):
        convert(broken, folder, RULE)
    strange = tmp_path / "strange.gguf"
    tiny_gguf(strange, "qwen2", pre="martian")
    with pytest.raises(MissingPrerequisite, match="martian"):
        convert(strange, folder, RULE)


def test_full_disk_while_converting_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "tiny.gguf"
    tiny_gguf(file, "qwen2")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "model.safetensors").symlink_to("/dev/full")
    with pytest.raises(MissingPrerequisite, match=r"the disk of .* is full"):
        convert(file, folder, RULE)
