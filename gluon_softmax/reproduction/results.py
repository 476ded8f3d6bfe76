"""``results.json``: all that was found, in the form that ``results.schema.json`` describes."""

from typing import List

import numpy as np

from ..training.run import Run
from . import claims
from .answer import Judgement
from .environment import processor, versions
from .table_fit import TableFit, edition_of_table, right_of

SCHEMA_VERSION = 4
_SERIES = ("loss", "train_acc", "share_predicted_1", "test_acc", "seconds")


def results(judgement: Judgement) -> dict:
    """Return all results in plain types; ``results.schema.json`` describes them."""
    experiment, tables = judgement.experiment, judgement.tables
    data, implementations = experiment.data, experiment.printed.implementations
    return {
        "schema_version": SCHEMA_VERSION,
        "partial": experiment.partial,
        "stopped": experiment.stopped or None,
        "edition": data.edition,
        "origin": data.origin,
        "checksums": data.checksums,
        "versions": versions(),
        "processor": processor(),
        "printed_by": experiment.printed.name,
        "settings": experiment.plain_settings(),
        "reading_seconds": experiment.reading_seconds,
        # The first run of each.
        **{
            run.implementation: {
                name: list(map(float, getattr(run.records, name))) for name in _SERIES
            }
            for run in experiment.runs.get(data.edition, [])[: len(implementations)]
        },
        "editions": {
            edition: {name: _statistics(experiment.of(edition, name)) for name in implementations}
            for edition in experiment.runs
        },
        # All of one implementation.
        "with_others_batch_size": {
            run.implementation: _statistics(experiment.with_their_batch_size)
            for run in experiment.with_their_batch_size[:1]
        },
        "claims": _claims(judgement),
        "tables": {table_fit.table: _table(table_fit) for table_fit in tables},
        "edition_of_table": edition_of_table(tables),
        "readings": list(map(str, experiment.readings)),
    }


def _table(table_fit: TableFit) -> dict:
    right, tried = right_of([table_fit])
    return {
        "edition": table_fit.edition,
        "figures": table_fit.claims,
        "p_value": {name: fit.p_value for name, fit in table_fit.fits.items()},
        "distance": {name: fit.distance for name, fit in table_fit.fits.items()},
        "log10_density": {name: fit.log10_density for name, fit in table_fit.fits.items()},
        "log10_ratio": table_fit.log10_ratio,
        "typo": table_fit.typo
        and {
            "figure": table_fit.typo.claim.name,
            "edition_without": table_fit.typo.edition,
            "p_value_without": table_fit.typo.p_value,
        },
        "splice": table_fit.splice and table_fit.splice._asdict(),
        "deviates": table_fit.deviates,
        "left_out": {"right": right, "of": tried},
    }


def _statistics(runs: List[Run]) -> dict:
    series = {
        name: np.array([getattr(run.records, name) for run in runs], np.float64) for name in _SERIES
    }
    series["accuracy_before"] = np.array([[run.accuracy_before] for run in runs])
    return {
        "seeds": [run.seed for run in runs],
        **{
            name: {
                "mean": values.mean(axis=0).tolist(),
                "sd": values.std(axis=0, ddof=1).tolist() if len(runs) > 1 else None,
                "values": values.tolist(),
            }
            for name, values in series.items()
        },
    }


def _claims(judgement: Judgement) -> List[dict]:
    experiment = judgement.experiment
    claimed: List[dict] = [
        {
            "name": result.name,
            "section": str(result.section),
            "printed": result.printed,
            "here": result.here,
            "interval": None,
            "others": None,
            "verdict": result.verdict,
        }
        for result in experiment.exact_results
    ]
    for row in judgement.verdicts if experiment.is_comparable() else ():
        others = judgement.predictions.get(row.claim)
        claimed.append(
            {
                "name": row.claim.name,
                "section": str(row.claim.section),
                "printed": row.claim.printed,
                "here": {edition: row.mean(edition) for edition in experiment.runs},
                "interval": {e: list(interval) for e, interval in row.intervals.items()},
                "others": others and {"mean": others.mean, "interval": others[1:]},
                "verdict": row.verdict,
            }
        )
    if experiment.reading_seconds is not None:
        claimed.append(
            {
                "name": "seconds to read the training set once",
                "section": str(claims.PART_1),
                "printed": claims.READING_SECONDS,
                "here": experiment.reading_seconds,
                "interval": None,
                "others": None,
                "verdict": f"ratio {experiment.reading_seconds / claims.READING_SECONDS:.2f}",
            }
        )
    return claimed
