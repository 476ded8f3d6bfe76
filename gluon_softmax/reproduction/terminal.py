"""What the terminal shows of an experiment while it runs."""

from typing import Any, Dict, List

from ..console import padded, write_line
from ..training.loop import Records, epoch_line
from ..training.run import Run
from . import claims
from .edition_names import EDITION
from .exact_results import in_words
from .experiment import Experiment
from .language import translate


def at_length(experiment: Experiment, implementation: str) -> Dict[str, Any]:
    """Print the heading of a run; return callbacks that print each epoch beside the tutorial's."""
    # The first table of the implementation.
    first = next(
        claim for claim in experiment.printed.claims if claim.implementation == implementation
    )
    write_line(f"\n{padded(str(first.section), 56)} {translate(experiment.printed.column)}")

    def beside(records: Records) -> None:
        epoch = len(records.loss)
        of_table = experiment.printed.of(first.table)
        theirs = [claim.text for claim in of_table if claim.epoch == epoch]
        write_line(f"{epoch_line(records):56} {' '.join(theirs)}".rstrip())

    return {
        "on_start": lambda accuracy: write_line(
            translate("test acc before training {accuracy:.4f}", accuracy=accuracy)
        ),
        "on_epoch": beside,
    }


def print_runs(experiment: Experiment, edition: str, k: int, several: List[Run]) -> None:
    """Print the runs of all implementations with one seed, unless they were printed at length."""
    first = 1 if edition == experiment.data.edition else 0
    if k == first:
        heading = translate(
            "A new re-split for each run: loss and test accuracy after epoch {epochs}"
            if edition == "resplit"
            else "The {edition} again: loss and test accuracy after epoch {epochs}",
            edition=EDITION[edition],
            epochs=experiment.settings.epochs,
        )
        write_line(f"\n{heading}")
        write_line(f"{'':17}" + "".join(f"{run.implementation:17}" for run in several).rstrip())
    if k >= first:
        name = translate("run {number:>3} of {runs}", number=k + 1, runs=experiment.runs_asked)
        numbers = "   ".join(
            f"{run.records.loss[-1]:.4f}  {run.records.test_acc[-1]:.4f}" for run in several
        )
        write_line(padded(name, 17) + numbers)


def print_reading(seconds: float) -> None:
    """Print how long one pass of the tutorial's data loader took."""
    write_line(
        translate(
            "  one pass of the tutorial's data loader: {here:.2f} s (tutorial: {there:.2f} s)",
            here=seconds,
            there=claims.READING_SECONDS,
        )
    )


def print_part_1(experiment: Experiment) -> None:
    """Print the results of the parts of the tutorial that train nothing."""
    data = experiment.data
    write_line(
        translate(
            "{part} ({edition}, from {origin})",
            part=claims.PART_1,
            edition=EDITION[data.edition],
            origin=translate(data.origin),
        )
    )
    for result in experiment.exact_results:
        line = translate(
            "  {name}: {value}", name=translate(result.name), value=in_words(result.here)
        )
        if result.here != result.printed:
            line += "  " + translate("(tutorial: {printed})", printed=in_words(result.printed))
        write_line(line)
