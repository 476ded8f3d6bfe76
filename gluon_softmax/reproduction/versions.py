"""Both versions, by name."""

import concise.model
import concise.training
import scratch.model
import scratch.training

VERSIONS = {"scratch": scratch, "concise": concise}
