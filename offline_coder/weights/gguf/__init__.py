"""From a GGUF file to the folder that vLLM and transformers read.

Written out here instead of loaded and saved with a library, so that the result depends on nothing but
the input: the same bytes come out on every machine and under every version, and can be pinned.
"""
