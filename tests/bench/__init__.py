"""The side-by-side benchmark: nginx, LiteLLM and this portal before one upstream, in one run."""
