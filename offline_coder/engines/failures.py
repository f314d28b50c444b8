"""Why a vLLM server did not start or died, read from its log."""

import re

# vLLM's line heads: "(EngineCore pid=12) ERROR 11-22 22:10:00 [core.py:1] ", each part optional.
HEAD = re.compile(
    r"^(?:\([\w.]+(?: pid=\d+)?\) )?(?:(?:INFO|WARNING|ERROR|DEBUG|CRITICAL)[: ]\s*)?"
    r"(?:\d\d-\d\d \d\d:\d\d:\d\d )?(?:\[[\w./-]+:\d+\] )?"
)
ERROR_LINE = re.compile(r"^([\w.]*(?:Error|Exception|Exit|Interrupt)): ?(.*)")
# Errors that only say that another process failed; the cause stands above them.
SECOND_HAND = re.compile(
    r"Engine core initialization failed|WorkerProc initialization failed|EngineDeadError"
    r"|EngineCore encountered|EngineGenerateError|Executor failed|cancelled|^SystemExit"
    r"|^KeyboardInterrupt|Application shutdown"
)
LONGEST = 300
KILLED = "killed (SIGKILL), often because the machine ran out of memory"
OUT_OF_MEMORY = ("out of memory", "out of GPU memory", "killed (SIGKILL)")
"""How a cause begins that a smaller engine may not meet."""

# (what the log says, what the user reads), most telling first. {0} is the first group.
KNOWN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), reading)
    for pattern, reading in (
        (r"No module named '?(?:vllm)'?", "vLLM is not installed in this environment"),
        (r"Address already in use|address already in use", "port taken: another program listens on it"),
        (r"CUDA out of memory", "out of GPU memory while loading the model"),
        (r"larger than the available KV cache memory|No available memory for the cache blocks",
         "out of memory: the key-value cache does not hold one whole context"),
        (r"(?:Available|Free) memory on [^\n(]*\(([\d.]+)/[^\n]*? is less than [^\n]*?([\d.]+) GiB",
         "out of memory: {0} GiB are free, {1} GiB were asked for"),
        (r"DefaultCPUAllocator: can't allocate memory|std::bad_alloc|MemoryError|Cannot allocate memory",
         "out of memory while loading the model"),
        (r"SafetensorError: ([^\n]*)", "bad model: a safetensors file is damaged ({0})"),
        (r"Cannot find any model weights|[Nn]o safetensors", "bad model: its folder has no *.safetensors"),
        (r"It looks like the config file at '([^']*)' is not a valid JSON", "bad model: {0} is not JSON"),
        (r"Unrecognized model in|Should have a `model_type` key in",
         "bad model: its config.json names no model type"),
        (r"has model type `([^`]*)` but Transformers does not recognize",
         "bad model: this vLLM does not know models of type {0}"),
        (r"Model architectures (\[[^\]]*\])[^\n]*(?:not supported|failed to be inspected)",
         "bad model: this vLLM does not know the architecture {0}"),
        (r"Couldn't instantiate the backend tokenizer", "bad model: its tokenizer is missing or damaged"),
        (r"ValueError: (Expecting value: [^\n]*)|  Value error, (Expecting value: [^\n[]*)",
         "bad model: one of its files is damaged"),
        (r"  Value error, ([^\n[]*)", "vLLM refuses its settings: {0}"),
    )
)  # fmt: skip


# (what the log says when a step begins, what the user reads).
MILESTONES = (
    ("non-default args", "reading the model's settings"),
    ("Initializing a V1 LLM engine", "starting the engine's processes"),
    ("world_size=", "starting the worker"),
    ("Starting to load model", "loading the weights"),
    ("Loading weights took", "making room for the key-value cache"),
    ("KV cache size", "warming up"),
    ("Compiling a graph", "compiling kernels"),
    ("init engine (profile", "opening the port"),
)


def cause_from_log(text: str) -> str:
    """One line, up to 300 characters, with the most telling cause in a vLLM server's log `text`.

    Known causes are put in our words; otherwise the first error line that is not about another
    process's failure is quoted; otherwise the last line. "" when the log is empty.
    """
    for pattern, reading in KNOWN:
        if found := pattern.search(text):
            return reading.format(*found.groups()).strip()[:LONGEST]
    lines = [line for line in (plain_line(raw) for raw in text.splitlines()) if line]
    errors = [line for line in lines if ERROR_LINE.match(line) and not SECOND_HAND.search(line)]
    # vLLM reads some files twice; what it says about its second try is not part of the cause.
    errors = [re.sub(r", retrying \d+ of \d+$", "", line) for line in errors]
    chosen = errors[0] if errors else lines[-1] if lines else ""
    return chosen[:LONGEST]


def is_out_of_memory(cause: str) -> bool:
    """Whether `cause`, as `cause_from_log` words it, is a lack of memory."""
    return cause.startswith(OUT_OF_MEMORY)


def plain_line(raw: str) -> str:
    """A log line without vLLM's head (process, level, time, place) and without colours."""
    line = re.sub(r"\x1b\[[0-9;]*m", "", raw).strip()
    return HEAD.sub("", line, count=1).strip()


def last_step(text: str) -> str:
    """What the server whose log is `text` does now, in a few words."""
    places = [(text.rfind(mark), words) for mark, words in MILESTONES]
    place, words = max(places, key=lambda found: found[0])
    return words if place >= 0 else "starting vLLM"
