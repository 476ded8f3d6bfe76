"""Both versions, by name."""

import concise.model
import concise.parallel
import concise.training
import scratch.model
import scratch.parallel
import scratch.training

VERSIONS = {"scratch": scratch, "concise": concise}
