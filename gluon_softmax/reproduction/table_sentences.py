"""What whole tables are, in sentences."""

from typing import Dict, List, Sequence

import numpy as np

from .claims import table_in_words
from .language import Message, Text, listed, translate
from .table_distribution import ANOTHER_SPLIT, OFFICIAL, WITHDRAWN
from .table_fit import UNDECIDED, Splice, TableFit, Typo, right_of


def in_a_sentence(judged: List[TableFit]) -> Text:
    """Return what the tables are, with p-values, and how much that is worth; empty without any."""
    if not judged:
        return ""
    sentences = []
    for edition in dict.fromkeys(table_fit.edition for table_fit in judged):
        of_it = [table_fit for table_fit in judged if table_fit.edition == edition]
        sentences.append(_conclusion(edition, of_it))
        sentences += [
            _typo_in_words(table_fit, table_fit.typo) for table_fit in of_it if table_fit.typo
        ]
        sentences += [
            _splice_in_words(table_fit, table_fit.splice) for table_fit in of_it if table_fit.splice
        ]
    right, tried = right_of(judged)
    has_ratio = any(table_fit.edition in (OFFICIAL, WITHDRAWN) for table_fit in judged)
    sentences.append(
        # The rule of three: no error in n tries leaves up to 3 / n at a level of 0.05.
        Message(
            "In a leave-one-out test {right} of {tried} of our own runs were classified correctly, "
            "so the error rate is at most {error:.0%}; do not take the likelihood ratio literally."
            if has_ratio
            else "In a leave-one-out test {right} of {tried} of our own runs were classified "
            "correctly, so the error rate is at most {error:.0%}.",
            right=right,
            tried=tried,
            error=min(3 / tried, 1),
        )
        if right == tried
        else Message(
            "In a leave-one-out test {right} of {tried} of our own runs were classified correctly: "
            "about {error:.0%} may be wrong.",
            right=right,
            tried=tried,
            error=1 - right / tried,
        )
    )
    return translate(" ").join(map(str, sentences))


def _conclusion(edition: str, of_it: List[TableFit]) -> Text:
    """Write what several tables of one kind are, with their p-values."""
    values: Dict[str, Text] = {
        name.replace(" ", "_"): p_values([table_fit.fits[name].p_value for table_fit in of_it])
        for name in (OFFICIAL, WITHDRAWN, ANOTHER_SPLIT)
    }
    ratios = [table_fit.log10_ratio for table_fit in of_it]
    ends = list(dict.fromkeys(power(10 ** abs(end(ratios, key=abs))) for end in (min, max)))
    values["ratio"] = (
        Message("{least} to {most}", least=ends[0], most=ends[-1]) if ends[1:] else ends[0]
    )
    values["names"] = listed([table_in_words(table_fit.table) for table_fit in of_it])
    if edition == WITHDRAWN:
        return Message(
            "Taken together, the numbers of {names} come from the withdrawn edition: about {ratio} "
            "times as likely there as on the official edition (p-values: withdrawn {withdrawn}, "
            "official {official}, another split {another_split}).",
            **values,
        )
    if edition == OFFICIAL:
        return Message(
            "Taken together, the numbers of {names} come from the official edition: about {ratio} "
            "times as likely there as on the withdrawn edition (p-values: official {official}, "
            "withdrawn {withdrawn}, another split {another_split}).",
            **values,
        )
    if edition == ANOTHER_SPLIT:
        return Message(
            "Taken together, the numbers of {names} come from neither edition, but from another "
            "train/test split of the same images (p-values: another split {another_split}, "
            "official {official}, withdrawn {withdrawn}).",
            **values,
        )
    if edition == UNDECIDED:
        return Message(
            "Taken together, the numbers of {names} may come from the official edition or from "
            "another split: neither is much more likely (p-values: official {official}, withdrawn "
            "{withdrawn}, another split {another_split}).",
            **values,
        )
    return Message(
        "Taken together, the numbers of {names} come from neither edition, nor from another "
        "train/test split of the same images (p-values: official {official}, withdrawn "
        "{withdrawn}, another split {another_split}).",
        **values,
    )


def _typo_in_words(table_fit: TableFit, typo: Typo) -> Text:
    return Message(
        "All numbers of {table} but one fit {edition} (p-value {p}): is {name}, {text}, a typo?",
        table=table_in_words(table_fit.table),
        edition=data_in_words(typo.edition),
        p=p_values([typo.p_value]),
        name=typo.claim.label,
        text=typo.claim.text,
    )


def _splice_in_words(table_fit: TableFit, splice: Splice) -> Text:
    return Message(
        "The first {epochs} epochs of {table} fit {first} and the others fit {rest}: are these "
        "lines of two tables?"
        if splice.epochs > 1
        else "The first epoch of {table} fits {first} and the others fit {rest}: are these lines "
        "of two tables?",
        epochs=splice.epochs,
        table=table_in_words(table_fit.table),
        first=data_in_words(splice.first),
        rest=data_in_words(splice.rest),
    )


def data_in_words(name: str) -> Text:
    """Name the data of a hypothesis."""
    if name == ANOTHER_SPLIT:
        return Message("another split")
    return Message("the official edition") if name == OFFICIAL else Message("the withdrawn edition")


def p_values(values: Sequence[float]) -> Text:
    """Write p-values: two digits, a power of ten for small ones, ends for more than two."""

    def one(p_value: float) -> str:
        return f"{p_value:.2g}" if p_value >= 1e-4 else power(p_value)

    if len(values) > 2:
        ends = {"least": one(min(values)), "most": one(max(values))}
        return Message("{least} to {most}", **ends)
    return listed(list(dict.fromkeys(map(one, values))))


def power(number: float) -> str:
    """Write the power of ten that is nearest to a number, such as 10⁸."""
    digits = str(round(float(np.log10(number)))) if number else "-300"
    return "10" + digits.translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
