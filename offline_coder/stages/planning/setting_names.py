"""What settings are called: the words that announce one in a paper, and its name in config.yaml."""

import re
from dataclasses import dataclass

from offline_coder.core.plan import ConfigValue

SETTINGS = (
    (r"learning.rates?(?! schedule)|\blr\b|\\eta(?:_\{?\w\}?)?|η", "training.learning_rate"),
    (r"batch(?:es)?\b|\bB\b(?= ?\$? ?=)", "training.batch_size"),
    (r"epochs?\b", "training.epochs"),
    (r"warm.?up(?:[_ ](?:steps|periods?|iterations|phase|schedule|epochs))?", "training.warmup_steps"),
    (r"steps (?:in each|per|an) epoch", "training.steps_per_epoch"),
    (r"(?:training |update )?(?:\bsteps?\b|iterations?\b)", "training.steps"),
    (r"label.smoothing|[εϵ]_? ?\{?(?:\\text\{)?ls\b|smoothing", "training.label_smoothing"),
    (r"weight.decay", "training.weight_decay"),
    (r"(?:moving average|\bEMA\b)[^.|]{0,50}?decay(?: rate)?", "training.ema_decay"),
    (r"updat\w+ every", "training.update_interval"),
    (r"momentum", "training.momentum"),
    (r"\\?beta ?_?\{?_?1\}?|β ?_?1", "training.beta1"),
    (r"\\?beta ?_?\{?_?2\}?|β ?_?2", "training.beta2"),
    (r"epsilon|[εϵ]", "training.epsilon"),
    (r"\bclip\w*(?: norm)?", "training.gradient_clipping"),
    (r"patience", "training.patience"),
    (r"offset", "training.offset"),
    (r"number of (?:random )?seeds", "training.number_of_seeds"),
    (r"(?:random )?seeds?\b", "training.seed"),
    (r"noise(?: (?:std|levels?|scale))?|sigma|σ", "training.noise_std"),
    (r"temperature|\\?\btau\b|τ", "training.temperature"),
    (r"loss weight|\\?lambda|λ|coefficient|penalty|regulari\w+", "training.loss_weight"),
    (r"\\?gamma|γ", "training.gamma"),
    (r"\\?alpha|α", "training.alpha"),
    (r"decay(?: rate)?", "training.decay"),
    (r"drop-?out(?: rate| probability)?|\bP_? ?\{?(?:\\text\{)?drop\b", "model.dropout"),
    (r"(?:hidden |encoder |decoder |transformer )?layers?\b|depth|blocks?\b", "model.layers"),
    (r"(?:attention )?heads?\b|parallel attention layers", "model.heads"),
    (r"experts?\b", "model.experts"),
    (r"capacity(?: factor)?", "model.capacity_factor"),
    (r"\bd_? ?\{?(?:\\(?:text|mathrm)\{)? ?f ?f\b|inner.layer|feed.?forward", "model.feed_forward_size"),
    (
        r"\bd_? ?\{?(?:\\(?:text|mathrm)\{)?model|hidden(?: dimensions?| size| units?| states?)?|width|"
        r"\bunits",
        "model.hidden_size",
    ),
    (r"\bd_? ?\{?(?:\\(?:text|mathrm)\{)?k[kv]?\b|key (?:size|dimension)", "model.key_size"),
    (r"\bd_? ?\{?(?:\\(?:text|mathrm)\{)?v\b|value (?:size|dimension)", "model.value_size"),
    (r"embedding(?: dimension| size)?", "model.embedding_size"),
    (r"input (?:size|dimension)", "model.input_size"),
    (r"dimension\w*|\bdim\b", "model.dimension"),
    (r"kernel(?: size)?|filter", "model.kernel_size"),
    (r"channels?\b", "model.channels"),
    (r"stride", "model.stride"),
    (r"latent|codebook", "model.latent_size"),
    (r"patch", "model.patch_size"),
    (r"(?:diffusion |sampling )?time-?steps?\b", "model.timesteps"),
    (r"weighting", "model.weighting"),
    (r"vocabular\w+", "data.vocabulary_size"),
    (r"\b(?:sequence |context )?length\b|\bcontext\b", "data.sequence_length"),
    (r"tokens (?:per|in (?:a|each)) batch", "training.batch_tokens"),
    (r"tokens", "data.tokens"),
    (r"(?:train\w* )?fraction", "data.train_fraction"),
    (r"\bmod(?:ulo|ulus)?\b", "data.modulus"),
    (r"elements\b", "data.elements"),
    (r"train\w* (?:images|samples|examples|sentences|set)", "data.train_size"),
    (r"validation(?: images| samples| examples| set)?", "data.validation_size"),
    (r"test (?:images|samples|examples|set)", "data.test_size"),
    (r"samples|examples|images|sentence pairs|(?<!percentage )points\b", "data.samples"),
    (r"classes\b", "data.classes"),
    (r"beam(?: size| width)?", "evaluation.beam_size"),
    (r"length penalty(?: \$?(?:\\?alpha|α))?", "evaluation.length_penalty"),
    (r"checkpoints", "evaluation.checkpoints"),
    (r"evaluat\w+ (?:\w+ ){0,2}every", "evaluation.interval"),
    (r"(?:output length[^.]{0,40})?\blength \+", "evaluation.extra_output_length"),
)
"""Words that announce a setting, and its name. Of words that stand inside a longer match only that one
counts: "weight decay" is no decay."""
COUNTED = re.compile(
    r"model\.(layers|heads|experts|channels|timesteps|hidden_size|weighting)|"
    r"data\.(samples|tokens|classes|elements|\w+_size)|evaluation\.checkpoints|"
    r"training\.(batch_tokens|epochs|steps|steps_per_epoch|warmup_steps|seed|update_interval)"
)
"""Settings whose words may stand directly behind the value: "6 layers"."""
WHOLE = re.compile(
    r"model\.(layers|heads|experts|dimension|channels|stride|timesteps|\w+_size)|"
    r"data\.(samples|tokens|classes|elements|modulus|sequence_length|\w+_size)|"
    r"evaluation\.(beam_size|checkpoints|interval|extra_output_length)|"
    r"training\.(batch_\w+|epochs|steps|steps_per_epoch|warmup_steps|patience|seed|number_of_seeds|"
    r"update_interval|offset)"
)
"""Settings that count something."""
SHARE = re.compile(
    r"model\.dropout|data\.train_fraction|"
    r"training\.(label_smoothing|momentum|beta[12]|epsilon|weight_decay|ema_decay)"
)
"""Settings from 0 to below 1."""
SETTING_WORDS = re.compile("|".join(f"(?:{words})" for words, _ in SETTINGS), re.IGNORECASE)
COMPILED = tuple((re.compile(words, re.IGNORECASE), name) for words, name in SETTINGS)
KNOWN = (
    (r"AdamW|Adam|SGD|RMSprop|Adagrad|Adafactor|Adadelta|LAMB|Lion|L-BFGS", "training.optimizer"),
    (r"ReLU|GELU|SiLU|Swish|ELU|Leaky ?ReLU|Softplus|Tanh", "model.activation"),
    (r"cosine (?:annealing|decay|schedule)|exponential decay|inverse square root", "training.schedule"),
    (r"(?:cosine|linear|constant|polynomial)(?= learning.rate schedule)", "training.schedule"),
    (r"(?:cosine|linear|exponential)(?= warm.?up)", "training.warmup_schedule"),
    (r"(?:cosine|linear|quadratic|sigmoid)(?= noise schedule)", "training.noise_schedule"),
    (r"cross.entropy|mean squared error", "training.loss"),
    (r"LayerNorm|BatchNorm|RMSNorm|(?:layer|batch|group) normali[sz]ation", "model.normalization"),
)
KNOWN_WORDS = tuple((re.compile(rf"\b(?:{words})\b", re.IGNORECASE), name) for words, name in KNOWN)
REACH = 90
# What may stand between a setting and its value: "batch size of about 64", "(seed = 3)".
GLUE = re.compile(
    r"(?:\s+|for the first\b|(?:sizes?|rates?|values?|number|levels?|of|is|was|are|were|to|at|set|equal|"
    r"fixed|about|approximately|around|roughly|a|total|with)\b|[a-z]\b|\\(?:approx|leftarrow|in|text)\b|"
    r"[=:\u2248\u2190$({}~|&'\"-])*",
    re.IGNORECASE,
)
BEHIND = re.compile(r"(?:[\s$)-]|\\,)*(?:[A-Za-z-]+ )?")
IS_THE = re.compile(r"[\s$]*(?:is|are|denotes?) the ")
OWN_WORDS = r"((?:(?!and |of |in |for )[a-z]+[ -]){0,2}(?!and\b|of\b|in\b|for\b)[a-z]+)"
OWN_NAME = re.compile(
    rf"number of {OWN_WORDS}[\s$]*(?:[A-Za-z]\b)?[\s$]*(?:to|is|of|=|was|:)[\s$]*$", re.IGNORECASE
)
OWN_NAME_BEHIND = re.compile(rf"[\s$]*is the number of {OWN_WORDS}", re.IGNORECASE)
COUNTED_OTHERWISE = {"training.seed": "training.number_of_seeds"}
BATCH = re.compile(r"\bbatch", re.IGNORECASE)
TOTAL = re.compile(r"\s*total\b", re.IGNORECASE)
MOST_NAMES = 3
MOST_WORDS = 4


@dataclass(frozen=True, slots=True)
class Named:
    """What a number may be called, the likeliest first. `bound`: the first name's words stand directly
    before it, with nothing but glue between. `counts`: they stand directly behind it, as in "6 layers".
    `words` are the span of those words."""

    names: tuple[str, ...]
    bound: bool = False
    counts: bool = False
    words: tuple[int, int] = (0, 0)


def names_near(text: str, start: int, end: int, used: int = 0) -> Named:
    """At most three names for the value at `start` to `end`: those of the words nearest to it. A word
    before the value counts as nearer than one behind it; one that is bound to it has no rival. Words that
    end before `used` belong to an earlier value ("3 layers of 256 units")."""
    near = near_words(text, start, end)
    before = [span for span in near if used < span[1] <= start and GLUE.fullmatch(text, span[1], start)]
    if before:
        left, right, name = max(before, key=lambda span: span[1])
        return Named((name,), bound=True, words=(left, right))
    if own := OWN_NAME.search(text, max(start - REACH, 0), start) or OWN_NAME_BEHIND.match(text, end):
        return Named((f"model.{slug(own[1])}",), bound=True, words=own.span(1))
    for left, right, name in near:
        if left >= end and IS_THE.fullmatch(text, end, left):
            return Named((name,), bound=True, words=(left, right))
        if left >= end and COUNTED.fullmatch(name) and BEHIND.fullmatch(text, end, left):
            return Named((counted_name(name, text, start, end),), counts=True, words=(left, right))
    distances: dict[str, int] = {}
    for left, right, name in near:
        distance = start - right if right <= start else 2 * (left - end) + 4
        distances[name] = min(distance, distances.get(name, distance))
    return Named(tuple(sorted(distances, key=lambda name: distances[name])[:MOST_NAMES]))


def counted_name(name: str, text: str, start: int, end: int) -> str:
    """What the value at `start` to `end` counts with the words of the setting `name`: seeds are a number of
    seeds, tokens behind the word batch those of a batch unless they are a total."""
    if name == "data.tokens" and BATCH.search(text, 0, start) and not TOTAL.match(text, end):
        return "training.batch_tokens"
    return COUNTED_OTHERWISE.get(name, name)


def near_words(text: str, start: int, end: int) -> list[tuple[int, int, str]]:
    """Start, end and name of the words about settings around the value at `start` to `end`, the longest
    of those that overlap."""
    low, high = max(start - REACH, 0), min(end + REACH, len(text))
    spans = [
        (match.start(), match.end(), name)
        for words, name in COMPILED
        for match in words.finditer(text, low, high)
        if match.end() <= start or match.start() >= end
    ]
    return sorted(
        span
        for span in spans
        if not any(
            other[0] <= span[0] and span[1] <= other[1] and other[1] - other[0] > span[1] - span[0]
            for other in spans
        )
    )


def possible(name: str, value: ConfigValue) -> bool:
    """Whether the value can be that of the setting `name`; a list can when each of its items can."""
    if isinstance(value, list):
        return all(possible(name, item) for item in value)
    if WHOLE.fullmatch(name):
        return isinstance(value, int) and value >= 0
    return SHARE.fullmatch(name) is None or (isinstance(value, int | float) and 0 <= value < 1)


def slug(text: str) -> str:
    """`text` as part of a key: at most four words of ASCII letters and digits, "" when there is none."""
    words = re.findall(r"[a-z][a-z0-9]*|[0-9]+", text.lower())[:MOST_WORDS]
    plain = "_".join(words)
    return plain if plain[:1].isalpha() else f"x_{plain}" if plain else ""
