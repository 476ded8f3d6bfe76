"""The results of one call of ``reproduce``: settings, runs and what was printed; no verdicts."""

from dataclasses import dataclass, field, replace
from typing import Dict, List, Optional, Set

from ..data.fashion_mnist import OWN_FILES, FashionMNIST
from ..implementations import has_tutorials_model
from ..training.run import Run, Settings
from .claims import TUTORIAL, Claim, Printed
from .exact_results import ExactResult
from .language import Message


@dataclass
class Experiment:
    """The results of one call of ``reproduce``.

    Parameters
    ----------
    data : FashionMNIST
        The loaded edition.
    settings : Settings
        Of all runs.
    seed, runs_asked : int
        Seed of the first run, and how many runs were requested.
    exact_results : list of ExactResult
        Results of the parts of the tutorial that train nothing.
    reading_seconds : float or None
        Duration of one pass of the tutorial's own data loader over the training set.
    runs : dict of str to list of Run
        Completed runs by edition, in their order; of each implementation with printed numbers.
    with_their_batch_size : list of Run
        The first runs on re-splits repeated with the batch size of the published runs.
    readings : list of Message
        How a reader's tables were understood, a sentence each.
    deviations : set of str
        Tables that a known deviation from the tutorial explains; ``readings`` name it.
    printed : Printed
        The numbers to reproduce.
    partial : bool
        True if it ended before all runs were completed.
    stopped : str
        The error that ended it, if one did.
    started : str
        Local date and time of the start, as text; empty if unknown.
    seconds : float or None
        How long it took.
    """

    data: FashionMNIST
    settings: Settings
    seed: int
    runs_asked: int
    exact_results: List[ExactResult] = field(default_factory=list)
    reading_seconds: Optional[float] = None
    runs: Dict[str, List[Run]] = field(default_factory=dict)
    with_their_batch_size: List[Run] = field(default_factory=list)
    readings: List[Message] = field(default_factory=list)
    deviations: Set[str] = field(default_factory=set)
    printed: Printed = TUTORIAL
    partial: bool = False
    stopped: str = ""
    started: str = ""
    seconds: Optional[float] = None

    def with_readings(self, *readings: Message) -> "Experiment":
        """Return it with more sentences on a reader's tables."""
        return replace(self, readings=[*self.readings, *readings])

    def of(self, edition: str, implementation: str) -> List[Run]:
        """List the runs of one implementation on an edition."""
        return [run for run in self.runs.get(edition, []) if run.implementation == implementation]

    def values(self, edition: str, claim: Claim) -> List[float]:
        """List the values that the runs on an edition gave for one of the printed numbers."""
        runs = self.of(edition, claim.implementation)
        if claim.metric == "accuracy_before":
            return [run.accuracy_before for run in runs]
        epoch = claim.epoch - 1
        if claim.class_id is not None:
            return [claim.scale * run.records.proportions[epoch][claim.class_id] for run in runs]
        return [claim.scale * getattr(run.records, claim.metric)[epoch] for run in runs]

    def has_their_settings(self) -> bool:
        """Check whether the runs have the settings of the printed numbers."""
        settings, printed = self.settings, self.printed
        ours = (settings.epochs, settings.batch_size, settings.lr)
        return ours == (printed.epochs, printed.batch_size, printed.lr)

    def is_comparable(self) -> bool:
        """Check whether settings and data allow a comparison with the printed numbers."""
        return self.has_their_settings() and self.data.edition != OWN_FILES

    def has_their_model(self) -> bool:
        """Check whether the runs are of the model of the published ones, the tutorial's."""
        return all(map(has_tutorials_model, self.printed.implementations))

    def may_be_predicted(self) -> bool:
        """Check whether the published runs, at the book's learning rate, predict the numbers."""
        comparable = self.is_comparable() and self.has_their_model()
        return comparable and self.settings.lr == 0.1 and "resplit" in self.editions()

    def editions(self) -> List[str]:
        """List the editions to train on, the loaded one first."""
        return [self.data.edition] + ["resplit"] * (self.data.edition == "official")

    def plain_settings(self) -> dict:
        """Return the settings of all runs in plain types."""
        plain = {**vars(self.settings), "ctx": str(self.settings.ctx)}
        return {**plain, "seed": self.seed, "runs": self.runs_asked}
