"""The names that code has for a setting, and the one config.yaml has for it; those of inputs and targets, and
of the parts that data is split into."""

import re

USUAL = {
    **dict.fromkeys(("d_model", "hidden_dim", "embed_dim", "embedding_dim", "model_dim"), "hidden_size"),
    **dict.fromkeys(("hidden", "hidden_units", "hidden_features", "units", "width"), "hidden_size"),
    **dict.fromkeys(("d_ff", "ffn_dim", "dim_feedforward", "ff_dim"), "feed_forward_size"),
    **dict.fromkeys(("h", "nhead", "attention_heads"), "heads"),
    **dict.fromkeys(("d_k", "d_v", "key_dim"), "key_size"),
    **dict.fromkeys(("depth", "n_layer"), "layers"),
    **dict.fromkeys(("p_drop", "dropout_rate", "dropout_prob"), "dropout"),
    **dict.fromkeys(("lr",), "learning_rate"),
    **dict.fromkeys(("input_dim", "in_features", "input_features"), "input_size"),
    **dict.fromkeys(("vocab_size",), "vocabulary_size"),
    **dict.fromkeys(("random_state", "random_seed"), "seed"),
    **dict.fromkeys(("adam_first_decay_rate", "first_decay_rate", "adam_beta1"), "beta1"),
    **dict.fromkeys(("adam_second_decay_rate", "second_decay_rate", "adam_beta2"), "beta2"),
    **dict.fromkeys(("eps", "adam_epsilon"), "epsilon"),
    **dict.fromkeys(("noise_level", "noise_levels", "sigma"), "noise_std"),
    **dict.fromkeys(("max_len", "seq_len", "seq_length", "max_seq_len", "max_length"), "sequence_length"),
}
"""Other usual names of a setting."""
ALIKE = {"hidden_size": "embedding_size", "embedding_size": "hidden_size"}
"""Settings that are one number in most networks: a paper that says one of them means the other."""
INPUTS = re.compile(r"(?:^|_)(?:x|data|inputs?|images?|features?|samples?)(?:$|_)", re.IGNORECASE)
"""The word that says of a name that it is what a network works on; alone it is the whole of that."""
TARGETS = re.compile(r"(?:^|_)(?:y|targets?|labels?)(?:$|_)", re.IGNORECASE)
"""The word that says of a name that it is what a network should give."""
TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLIT_WORDS = {
    **dict.fromkeys(("train", "training"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "dev"), VALIDATION),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), TEST),
}
"""The words that say of a name of which part of the data it is."""


def usual_name(name: str) -> str:
    """The name of a setting in its usual form: `num_layers` gives "layers", `lr` "learning_rate"."""
    plain = re.sub(r"^(num|n|number_of|train|training)_(?=[a-z]{2})", "", name.lower())
    return USUAL.get(name.lower(), USUAL.get(plain, plain))


def alike(name: str) -> str:
    """The usual name of the setting that mostly has the value of `name`; "" where there is none."""
    return ALIKE.get(usual_name(name), "")


def splits_of(name: str) -> list[str]:
    """The parts of the data that the words of a name say it is of."""
    return [SPLIT_WORDS[word] for word in name.split("_") if word in SPLIT_WORDS]


def letters_of(name: str) -> str:
    """`name` without the differences that spelling makes: case and underscores."""
    return name.lower().replace("_", "")
