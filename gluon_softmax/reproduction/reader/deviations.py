"""The usual deviations from the tutorial's program, tried on a table that fits neither edition."""

import contextlib
from dataclasses import dataclass, replace
from typing import Callable, Dict, List, Optional, Tuple

from mxnet import Context, autograd, gluon, init, nd
from mxnet.gluon import nn

from concise.model import loss

from ...console import progress
from ...data.editions import NUM_CLASSES
from ...errors import Diverged
from ...implementations import IMPLEMENTATIONS
from ...training.implementation import Implementation
from ...training.run import Run, train_run
from ..answer import Judgement
from ..claims import Claim, table_in_words
from ..experiment import Experiment
from ..language import Message
from ..table_distribution import ANOTHER_SPLIT
from ..table_fit import fit_of_deviation
from ..table_sentences import data_in_words, p_values
from ..verdicts import FAILS

# Runs of each deviation: enough for a mean, and all together take a minute.
RUNS = 3


@dataclass(frozen=True, eq=False)
class Deviation:
    """What a program may do differently from the tutorial's."""

    words: Message
    weight_decay: float = 0.0
    momentum: float = 0.0
    smoothing: float = 0.0
    normalized: Optional[Tuple[float, float]] = None
    initializer: Optional[init.Initializer] = None

    def implementation(self) -> Implementation:
        """Return concise with the deviation."""
        return replace(
            IMPLEMENTATIONS["concise"],
            get_net=self._get_net,
            get_train_batch=self._get_train_batch,
        )

    def _get_net(self, ctx: Context) -> Tuple[nn.HybridSequential, gluon.ParameterDict]:
        net = nn.HybridSequential()
        if self.normalized:
            mean, sd = self.normalized
            net.add(nn.HybridLambda(lambda F, X: (X - mean) / sd))
        net.add(nn.Dense(NUM_CLASSES))
        net.initialize(self.initializer or init.Normal(sigma=0.01), ctx=ctx)
        net.hybridize()
        return net, net.collect_params()

    def _get_train_batch(
        self, net: nn.HybridSequential, params: gluon.ParameterDict, lr: float, batch_size: int
    ) -> Callable:
        options = {"learning_rate": lr, "momentum": self.momentum, "wd": self.weight_decay}
        trainer = gluon.Trainer(params, "sgd", options, kvstore=None)

        def train_batch(X, y):
            with autograd.record():
                y_hat = net(X)
                l = loss(y_hat, y)
                if self.smoothing:
                    uniform = -nd.log_softmax(y_hat).mean(axis=1)
                    l = (1 - self.smoothing) * l + self.smoothing * uniform
            l.backward()
            trainer.step(batch_size)
            return l, y_hat

        return train_batch


DEVIATIONS = (
    *(
        Deviation(Message("weight decay {rate}", rate=rate), weight_decay=rate)
        for rate in (0.001, 0.002, 0.005, 0.01)
    ),
    *(
        Deviation(Message("label smoothing {rate}", rate=rate), smoothing=rate)
        for rate in (0.01, 0.1)
    ),
    Deviation(Message("momentum {rate}", rate=0.9), momentum=0.9),
    *(
        Deviation(
            Message(
                "inputs normalized by mean {mean} and standard deviation {sd}",
                mean=mean,
                sd=sd,
            ),
            normalized=(mean, sd),
        )
        for mean, sd in ((0.5, 0.5), (0.286, 0.353))
    ),
    Deviation(Message("Xavier initialization"), initializer=init.Xavier()),
    Deviation(Message("weights that start at zero"), initializer=init.Zero()),
)


def try_deviations(judgement: Judgement) -> Experiment:
    """Try the usual deviations on the tables that fit neither edition.

    Returns the experiment with a sentence on each table, and with the names of the tables that a
    deviation explains.
    """
    experiment = judgement.experiment
    trained = _train(experiment)
    readings, explained = [], set()
    for table_fit in judgement.misfits:
        table = table_in_words(table_fit.table)
        fits = [
            (fit.log10_density, deviation.words, edition, fit.p_value)
            for deviation, runs in trained.items()
            for edition, fit in fit_of_deviation(experiment, table_fit, runs).items()
        ]
        if fits:
            explained.add(table_fit.table)
            _, words, edition, p_value = max(fits, key=lambda fit: fit[0])
            readings.append(
                Message(
                    "{table} fits {edition} if it was trained with {deviation} (p-value {p}, by "
                    "{runs} runs)",
                    table=table,
                    edition=data_in_words(edition),
                    deviation=words,
                    p=p_values([p_value]),
                    runs=RUNS,
                )
            )
            continue
        readings.append(
            Message(
                "{table} fits none of {n} usual deviations that were tried: weight decay, label "
                "smoothing, momentum, normalized inputs, another initialization",
                table=table,
                n=len(DEVIATIONS),
            )
        )
        if table_fit.edition == ANOTHER_SPLIT:
            continue
        first = first_that_does_not_fit(judgement, table_fit.table)
        readings.append(
            Message(
                "{table} is implausible: {name}, {text}, is the first number that shows it",
                table=table,
                name=first.label,
                text=first.text,
            )
            if first
            else Message(
                "{table} is implausible: no number shows it alone, all together do",
                table=table,
            )
        )
    return replace(experiment.with_readings(*readings), deviations=explained)


def first_that_does_not_fit(judgement: Judgement, table: str) -> Optional[Claim]:
    """Return the first number of a table that lies in no edition's interval; None without one."""
    failing = [each.claim for each in judgement.verdicts if each.verdict == FAILS]
    return next((claim for claim in failing if claim.table == table), None)


def _train(experiment: Experiment) -> Dict[Deviation, List[Run]]:
    """Train with each deviation, with the given settings and data; drop those that diverge."""
    runs: Dict[Deviation, List[Run]] = {}
    given = experiment.data, experiment.settings
    for deviation in progress(DEVIATIONS, desc="usual deviations"):
        with contextlib.suppress(Diverged):
            runs[deviation] = [
                train_run(
                    deviation.implementation(), *given, (experiment.seed + k) % 2**32, on_epoch=None
                )
                for k in range(RUNS)
            ]
    return runs
